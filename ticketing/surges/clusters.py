"""Clusters: several cases of one place and one topic within a short time (同地同事). Pure.

A case has the places of its address (or of its title, when the address names none) and as topics
its sub-class and what its title says besides the place: every pair of neighbouring characters, so
that 路灯不亮 and 路灯损坏 share 路灯 however a dictionary cuts them. Cases that share a place and a
topic are a candidate, unless people elsewhere call about it nearly as often; candidates that
consist mostly of the same cases are one cluster.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ticketing.places import Location, Place, locate
from ticketing.tokens import index_text, search_terms

# What titles say of any topic.
_UNTELLING = re.compile(
    "反映|投诉|咨询|求助|举报|建议|表扬|市民|群众|居民|业主|来电|问题|情况|要求|希望|请求|请问|诉求|"
    "处理|解决|相关|有关|部门|尽快|帮忙|帮助|核实|附近|门口|旁边|一直|经常|多次|没有|无人|严重|影响|"
    "存在|小区|社区|街道"
)
WORDS_SHOWN = 5
TIMES_ELSEWHERE = 3  # a topic is that much more frequent at the place than elsewhere, or more
ENOUGH_ELSEWHERE = 50  # cases; of fewer nothing is concluded


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterCase:
    """What is looked at of a case."""

    case_id: int
    title: str
    address: str
    category_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """``cases`` (ids, ascending) at ``place``.

    ``words`` are those that at least half of them share, most frequent first; ``category_id`` is
    the sub-class of at least half of them, or ``None``.
    """

    place: str
    words: tuple[str, ...]
    category_id: int | None
    cases: tuple[int, ...]


@dataclass(slots=True)
class _Group:
    place: Place
    district: str
    cases: set[int]


@dataclass(frozen=True, slots=True)
class _Topic:
    """A piece of the titles, or a sub-class."""

    text: str
    category_id: int | None = None


@dataclass(frozen=True, slots=True)
class _Known:
    """A case, where it is and what it is about."""

    case: ClusterCase
    location: Location

    @property
    def about(self) -> str:
        """What the title says besides the place."""
        said = self.case.title
        for place in sorted(self.location.places, key=lambda place: -len(place.name)):
            said = said.replace(place.name, "，")
        return _UNTELLING.sub("，", said)

    @property
    def topics(self) -> frozenset[_Topic]:
        """Pieces of two characters or more without a digit, and the sub-class."""
        pieces = index_text(self.about).split()
        telling = {_Topic(piece) for piece in pieces if len(piece) > 1 and not _has_digit(piece)}
        if self.case.category_id is not None:
            telling.add(_Topic("", self.case.category_id))
        return frozenset(telling)


_Topics = Mapping[int, frozenset[_Topic]]


def clusters(cases: Sequence[ClusterCase], *, min_cases: int) -> list[Cluster]:
    """Clusters of at least ``min_cases``, the largest first; each case is in one at most."""
    known = {case.case_id: _Known(case, _location(case)) for case in cases}
    crowded = _crowded(known.values(), min_cases)
    topics = {case_id: each.topics for case_id, each in known.items()} if crowded else {}
    found: list[_Group] = []
    home: dict[int, int] = {}
    for candidate in _candidates(crowded, topics, min_cases):
        _take(candidate, found, home, min_cases)
    described = [_describe(group, known, topics) for group in found]
    return sorted(described, key=lambda each: (-len(each.cases), each.place, each.cases))


def _location(case: ClusterCase) -> Location:
    location = locate(case.address)
    return location if location.places else locate(case.title)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _crowded(cases: Iterable[_Known], min_cases: int) -> list[_Group]:
    """Places with enough cases; apart for each district that is named."""
    by_place: dict[Place, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for known in cases:
        for place in known.location.places:
            by_place[place][known.location.district].add(known.case.case_id)
    crowded = []
    for place, by_district in by_place.items():
        unsaid = by_district.pop("", set())
        for district, members in (by_district or {"": set()}).items():
            everybody = members | unsaid
            if len(everybody) >= min_cases:
                crowded.append(_Group(place, district, everybody))
    return crowded


def _candidates(crowded: Iterable[_Group], topics: _Topics, min_cases: int) -> list[_Group]:
    """Enough cases that share place and topic: the most first, then the closest place."""
    everywhere = Counter(topic for of_case in topics.values() for topic in of_case)
    found = []
    for group in crowded:
        by_topic: dict[_Topic, set[int]] = defaultdict(set)
        for case_id in group.cases:
            for topic in topics[case_id]:
                by_topic[topic].add(case_id)
        others = len(topics) - len(group.cases)
        for topic, ids in by_topic.items():
            usual = TIMES_ELSEWHERE * (everywhere[topic] - len(ids)) * len(group.cases)
            stands_out = others < ENOUGH_ELSEWHERE or len(ids) * others >= usual
            if len(ids) >= min_cases and stands_out:
                found.append(_Group(group.place, group.district, ids))
    return sorted(found, key=_rank)


def _rank(group: _Group) -> tuple[int, int, str, str, list[int]]:
    place = group.place
    return (-len(group.cases), -place.precision, place.name, group.district, sorted(group.cases))


def _take(candidate: _Group, found: list[_Group], home: dict[int, int], min_cases: int) -> None:
    """Make ``candidate`` a cluster, or a part of the one that has most of its cases."""
    free = {case_id for case_id in candidate.cases if case_id not in home}
    known = Counter(home[case_id] for case_id in candidate.cases if case_id in home)
    index, shared = min(known.items(), key=lambda each: (-each[1], each[0]), default=(0, 0))
    if 2 * shared >= len(candidate.cases):
        same = (found[index].place, found[index].district) == (candidate.place, candidate.district)
        if not same:
            return
        found[index].cases |= free
    elif len(free) >= min_cases:
        index = len(found)
        found.append(_Group(candidate.place, candidate.district, free))
    else:
        return
    home.update(dict.fromkeys(free, index))


def _describe(group: _Group, known: Mapping[int, _Known], topics: _Topics) -> Cluster:
    counted = Counter(topic for case_id in group.cases for topic in topics[case_id])
    common = sorted(
        (topic for topic, cases in counted.items() if 2 * cases >= len(group.cases)),
        key=lambda topic: (-counted[topic], -len(topic.text), topic.text, topic.category_id or 0),
    )
    categories = [topic.category_id for topic in common if topic.category_id is not None]
    shared = [topic.text for topic in common if topic.text]
    said = {word for case_id in group.cases for word in search_terms(known[case_id].about)}
    words = [piece for piece in shared if piece in said] or shared
    return Cluster(
        place=group.place.name,
        words=tuple(words[:WORDS_SHOWN]),
        category_id=categories[0] if categories else None,
        cases=tuple(sorted(group.cases)),
    )

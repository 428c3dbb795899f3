"""Words and places of cases, counted by case. Pure.

Words are those by which the text would be searched. Names of single people drop out later: a word
must occur in several cases to be shown.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self

from ticketing.places import Precision, locate
from ticketing.tokens import search_terms

_WORD_MIN, _WORD_MAX = 2, 12


class TopicKind(StrEnum):
    """What is counted."""

    WORD = "word"  # a word of title and text
    ADDRESS = "address"  # a street or another place, of the address
    DEPARTMENT = "department"  # the department in charge, by code; empty before a dispatch


@dataclass(frozen=True, slots=True)
class Told:
    """What a case tells; ``department`` is the code of the one in charge."""

    title: str
    body: str
    address: str
    category_id: int | None
    department: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `cases_of_day`."""
        names = ("title", "body", "address", "category_id", "department")
        return cls(*(row[name] for name in names))


Topic = tuple[TopicKind, str, int | None]


def words_of(case: Told) -> set[str]:
    """The words of title and text, each once; nothing with a digit."""
    terms = {*search_terms(case.title), *search_terms(case.body)}
    return {term for term in terms if _WORD_MIN <= len(term) <= _WORD_MAX and not _digits(term)}


def place_of(address: str) -> str | None:
    """The road or named place that an address names first, in its district; none without any."""
    location = locate(address)
    names = (it.name for it in location.places if it.precision is not Precision.NUMBER)
    first = next(names, None)
    return None if first is None else f"{location.district}{first}"


def count(cases: Iterable[Told]) -> Counter[Topic]:
    """In how many cases each word is, and how many each place and department has by category."""
    counts: Counter[Topic] = Counter()
    for case in cases:
        counts.update((TopicKind.WORD, word, None) for word in words_of(case))
        counts[TopicKind.DEPARTMENT, case.department, case.category_id] += 1
        place = place_of(case.address)
        if place is not None:
            counts[TopicKind.ADDRESS, place, case.category_id] += 1
    return counts


def _digits(term: str) -> bool:
    return any(character.isdigit() for character in term)

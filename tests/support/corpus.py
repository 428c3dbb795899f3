"""A made-up city's cases, for measuring the dispatch suggestion. No real city's data is at hand.

Made hard on purpose: some sub-classes are a hundred times as frequent as others, every text has
words of other matters in it, one in twelve says next to nothing, one in twenty-five was filed under
a sibling, one in ten went to another office than the usual one, and the newest cases have places
that the old ones do not know and now and then put a matter as nobody did before.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from tests.support.corpus_words import (
    ASIDES,
    CLOSINGS,
    COMPOUNDS,
    DISTRICTS,
    LINES,
    OPENINGS,
    ROADS,
    VAGUE,
)

VAGUE_SHARE, MISFILED_SHARE, ELSEWHERE_SHARE = 1 / 12, 1 / 25, 1 / 10
NO_DISTRICT_SHARE, NEW_PHRASE_SHARE, TYPO_SHARE = 1 / 6, 1 / 6, 1 / 10


@dataclass(frozen=True, slots=True)
class Subclass:
    """A sub-class and who usually handles it."""

    code: str
    parent: str
    class_name: str
    name: str
    office: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MadeCase:
    """A case, and where people sent it."""

    title: str
    body: str
    address: str
    category: str
    department: str


def subclasses() -> list[Subclass]:
    """All of them, with codes."""
    made: list[Subclass] = []
    classes: dict[str, str] = {}
    for line in LINES.strip().splitlines():
        class_name, name, office, phrases = line.split("|")
        parent = classes.setdefault(class_name, f"{len(classes) + 1:02}")
        number = sum(each.parent == parent for each in made) + 1
        texts = tuple(phrases.split(","))
        made.append(Subclass(f"{parent}{number:02}", parent, class_name, name, office, texts))
    return made


def offices() -> dict[str, str]:
    """Departments: code → name. The city has one of each kind, so has every district."""
    kinds = list(dict.fromkeys(each.office for each in subclasses()))
    made = {f"C{number:02}": f"市{kind}局" for number, kind in enumerate(kinds)}
    for place, district in enumerate(DISTRICTS):
        names = {f"D{place}{number:02}": f"{district}{kind}局" for number, kind in enumerate(kinds)}
        made |= names
    return made


def make_cases(number: int, *, seed: int = 12345) -> Iterator[MadeCase]:
    """So many cases, oldest first; the same ones for the same seed."""
    random = Random(seed)  # noqa: S311 - no secret
    known = subclasses()
    kinds = list(dict.fromkeys(each.office for each in known))
    order = random.sample(known, len(known))
    weights = [1 / (rank + 3) for rank in range(len(order))]
    for position, true in enumerate(random.choices(order, weights, k=number)):
        newest = position > 0.9 * number
        yield _make(random, true, known, kinds, newest=newest)


def _make(
    random: Random, true: Subclass, known: list[Subclass], kinds: list[str], *, newest: bool
) -> MadeCase:
    district = random.randrange(len(DISTRICTS))
    place, address = _address(random, district, newest=newest)
    said = _said(random, true, newest=newest)
    if random.random() < VAGUE_SHARE:
        said = random.choice(VAGUE)
    title = said if random.random() < 0.4 else f"{place}{said}"
    second = _said(random, true, newest=newest) if random.random() < 0.3 else ""
    aside = random.choice(ASIDES)
    middle = f"{place}{said}{'，' + second if second else ''}{aside}"
    body = f"{random.choice(OPENINGS)}{middle}{random.choice(CLOSINGS)}"
    filed = true
    if random.random() < MISFILED_SHARE:
        filed = random.choice([each for each in known if each.parent == true.parent])
    return MadeCase(title, body, address, filed.code, _office(random, true, kinds, district))


def _said(random: Random, true: Subclass, *, newest: bool) -> str:
    """How somebody puts it; the last phrase is new, and one in ten leaves a character out."""
    *usual, new = true.phrases
    said = new if newest and random.random() < NEW_PHRASE_SHARE else random.choice(usual)
    if len(said) > 3 and random.random() < TYPO_SHARE:
        left_out = random.randrange(len(said))
        said = said[:left_out] + said[left_out + 1 :]
    return said


def _address(random: Random, district: int, *, newest: bool) -> tuple[str, str]:
    road, compound = random.choice(ROADS), random.choice(COMPOUNDS)
    if newest and random.random() < 0.3:
        compound = "".join(random.sample("云麓栖霞观澜听涛", 2))
    place = random.choice([f"{road}路{random.randint(1, 400)}号", f"{compound}花园", ""])
    named = DISTRICTS[district] if random.random() > NO_DISTRICT_SHARE else ""
    return place, f"{named}{road}路{random.randint(1, 400)}号{compound}花园"


def _office(random: Random, true: Subclass, kinds: list[str], district: int) -> str:
    """Of the district, mostly; some kinds are the city's alone."""
    if random.random() < ELSEWHERE_SHARE:
        number = random.randrange(len(kinds))
    else:
        number = kinds.index(true.office)
    in_city = number % 4 == 3 or random.random() < 0.03
    return f"C{number:02}" if in_city else f"D{district}{number:02}"

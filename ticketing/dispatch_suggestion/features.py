"""What a model sees of a case: numbers of pieces of its text, and where it is. Pure.

A piece is a pair of neighbouring characters or a longer word (`tokens.index_text`). Pieces with
digits are left out, so no telephone number is ever a feature; of the others a model knows only a
number (`zlib.crc32`, the same everywhere), so no word of a case can be read out of it.
"""

import re
from dataclasses import dataclass
from zlib import crc32

from ticketing.places import Place, Precision, locate
from ticketing.tokens import index_text, search_terms

BUCKETS = 1 << 14
BODY_READ = 600  # characters; what a case is about is said before
_CLAUSE = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class CaseText:
    """What is said of a case."""

    title: str
    body: str
    address: str

    @property
    def said(self) -> str:
        """Title and body as they are read."""
        return f"{self.title}。{self.body[:BODY_READ]}"


def pieces(text: str) -> list[str]:
    """Every piece of a text once, in its order."""
    found = dict.fromkeys(index_text(text).split())
    return [piece for piece in found if len(piece) > 1 and not any(map(str.isdigit, piece))]


def number_of(piece: str) -> int:
    """The feature that a piece is; several pieces may be the same."""
    return crc32(piece.encode()) % BUCKETS


def numbers_of(text: CaseText) -> list[int]:
    """Every feature of a case once, ascending."""
    return sorted({number_of(piece) for piece in pieces(text.said)})


def words_of(text: CaseText) -> list[str]:
    """The words of a case as people read them, once each; places of its address are none."""
    said = text.said
    for place in sorted(locate(text.address).places, key=_longest):
        said = said.replace(place.name, "，")
    clauses = _CLAUSE.split(said)
    words = dict.fromkeys(word for clause in clauses if clause for word in search_terms(clause))
    return [word for word in words if len(word) > 1 and not any(map(str.isdigit, word))]


def _longest(place: Place) -> int:
    return -len(place.name)


def area_of(text: CaseText) -> str:
    """Where a case is, as far as it says who handles it: district, else road, else empty."""
    location = locate(text.address)
    if location.district:
        return location.district
    roads = sorted(p.name for p in location.places if p.precision is Precision.ROAD)
    return roads[0] if roads else ""

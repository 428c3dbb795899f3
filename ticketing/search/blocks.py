"""Blocks of time, in which a search for words goes back from the newest case.

PostgreSQL's index of words tells which cases have a word, not which of them are the newest. So each
case carries, as further words, the blocks of time that it was opened in: of three hours, of eight
times that, and so on. A search asks for its words together with two blocks, which the index answers
without looking at the word's other cases, and takes wider and wider blocks while it finds little.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_LENGTHS = tuple(timedelta(hours=3 * 8**width) for width in range(5))
WIDEST = len(_LENGTHS) - 1
"""The last width: 512 days."""

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """Cases opened from `since` on and before another moment, all of which carry one of `marks`."""

    since: datetime
    marks: tuple[str, ...]


def marks_of(opened_at: datetime) -> list[str]:
    """The blocks that a case was opened in, from the narrowest to the widest."""
    return [_mark(width, _number(opened_at, width)) for width in range(WIDEST + 1)]


def window_before(before: datetime, width: int) -> Window:
    """The block of that width just before a moment and the one before it.

    So that it reaches back by more than a block, wherever in a block the moment is.
    """
    last = _number(before - timedelta(microseconds=1), width)
    marks = (_mark(width, last), _mark(width, last - 1))
    return Window(since=BEGINNING + (last - 1) * _LENGTHS[width], marks=marks)


def reach(width: int) -> timedelta:
    """How far a window of that width goes back at most."""
    return 2 * _LENGTHS[width]


def _number(at: datetime, width: int) -> int:
    return (at - BEGINNING) // _LENGTHS[width]


def _mark(width: int, number: int) -> str:
    """A word that no text has: words of texts are letters and digits alone."""
    return f"#{width}.{number}"

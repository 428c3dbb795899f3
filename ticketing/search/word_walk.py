"""Goes back in time through the cases that have some words, by windows of fitting width."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql

from ticketing.case_walks import Search
from ticketing.search.blocks import WIDEST, Window, reach, window_before
from ticketing.search.words import category_mark, opener_mark
from ticketing.tokens import query_of

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "word_walk.sql", "asyncpg")

MOST = 4_000  # cases with the words that one walk looks at
CROWDED = 1_500  # such cases in a window: of more a narrower one is taken
FITTING = 300  # to be expected in the first window
SPARSE = 60  # of fewer the next window is wider
ASKED = 4  # words whose frequency is asked for
_EVERYTHING = WIDEST + 1
_NO_BOUND = 2**31


@dataclass(slots=True)
class Walk:
    """How far a walk has come, and how wide its next window is.

    `before`: what was opened from then on has been looked at.
    """

    before: datetime
    since: datetime
    width: int
    looked_at: int = 0
    found: list[int] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether everything has been looked at."""
        return self.before <= self.since

    @property
    def window(self) -> Window:
        """What to look at next."""
        if self.width == _EVERYTHING:
            return Window(self.since, ())
        window = window_before(self.before, self.width)
        return Window(max(window.since, self.since), window.marks)

    @property
    def bound(self) -> int:
        """Of how many cases the next window is certainly too wide."""
        return CROWDED if self.width > 0 else _NO_BOUND

    def take(self, window: Window, seen: int, ids: list[int]) -> None:
        """Go on behind a window of which ``seen`` cases have the words, and ``ids`` are wanted."""
        self.looked_at += seen
        if seen > self.bound:
            self.width -= 1
            return
        self.found += ids
        self.before = window.since
        if seen < SPARSE and self.width < _EVERYTHING:
            self.width += 1


async def ids_by_words(
    conn: Any, terms: Sequence[str], search: Search, limit: int
) -> tuple[list[int], datetime | None]:
    """Ids of cases that have all the ``terms``, newest first, at most ``limit``.

    And where the walk stopped before it was through: after `MOST` cases with the words.
    """
    walk = Walk(search.before, search.since, await _first_width(conn, terms))
    query, marks = query_of(terms), _marks(search)
    await _skip_emptiness(conn, walk)
    while not walk.ended and len(walk.found) < limit:
        if walk.looked_at >= MOST:
            return walk.found, walk.before
        window = walk.window
        row = await _QUERIES.in_window(
            conn,
            query=query,
            marks=" & ".join([*marks, *_any_of(window.marks)]),
            since=window.since,
            before=walk.before,
            most=min(walk.bound + 1, _NO_BOUND),
            states=search.states,
            limit=limit - len(walk.found),
            **search.placed,
            **search.sight,
        )
        walk.take(window, row["seen"], row["case_ids"])
        if not row["seen"]:
            await _skip_emptiness(conn, walk)
    return walk.found, None


async def _skip_emptiness(conn: Any, walk: Walk) -> None:
    """Go on behind the newest case that is left: there may be none for long."""
    newest = await _QUERIES.newest_before(conn, before=walk.before)
    walk.before = walk.since if newest is None else newest + timedelta(microseconds=1)


async def _first_width(conn: Any, terms: Sequence[str]) -> int:
    """The widest window that probably has no more than `FITTING` cases with the rarest word.

    The others are left out of account: words of one question mostly come together.
    """
    plans = [await _QUERIES.plan(conn, query=query_of([term])) for term in terms[:ASKED]]
    span = await _QUERIES.span(conn)
    if span["oldest"] is None:
        return _EVERYTHING
    expected = min(json.loads(plan)[0]["Plan"]["Plan Rows"] for plan in plans)
    return width_for(expected, span["newest"] - span["oldest"])


def width_for(expected: float, span: timedelta) -> int:
    """The width for so many cases that are expected in all, evenly over a span."""
    if expected <= FITTING:
        return _EVERYTHING
    share = FITTING / expected
    return max((width for width in range(1, WIDEST + 1) if reach(width) <= span * share), default=0)


def _marks(search: Search) -> list[str]:
    """What the index itself can tell of the cases that are wanted, as parts of a query."""
    opener = [] if search.opener is None else [opener_mark(search.opener)]
    categories = [category_mark(category_id) for category_id in search.categories or ()]
    return [*_any_of(opener), *_any_of(categories)]


def _any_of(marks: list[str] | tuple[str, ...]) -> list[str]:
    return [f"({' | '.join(repr(mark) for mark in marks)})"] if marks else []

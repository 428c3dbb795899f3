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

# Each of them may be on two pages of the disk of its own: five million cases are in no memory.
MOST = 150  # cases with the words that one walk looks at, and then ends
CROWDED = 120  # such cases in a window: of more a narrower one is taken
WIDENING = 8  # how many times as many cases the next wider window mostly has
HEAVY = 25_000  # cases with the rarest word: a window is not to have more
LONG = 30_000  # such cases that one walk goes through in the index
_EVERYTHING = WIDEST + 1
_NO_BOUND = 2**31


@dataclass(slots=True)
class Walk:
    """How far a walk has come, and how wide its next window is.

    `before`: what was opened from then on has been looked at. `per_day` cases with the rarest word
    are opened, as far as PostgreSQL knows; `limit` are to be found.
    """

    before: datetime
    since: datetime
    width: int
    per_day: float
    limit: int
    steps: int = 0
    looked_at: int = 0
    gone_through: float = 0.0
    found: list[int] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether everything has been looked at."""
        return self.before <= self.since

    @property
    def tired(self) -> bool:
        """Whether it has been enough for one request; never before it has come anywhere."""
        return self.steps > 0 and (self.looked_at >= MOST or self.gone_through >= LONG)

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
        self.gone_through += self._weight(self.before - window.since)
        if seen > self.bound:
            self.width -= 1
            return
        self.found += ids
        self.steps += 1
        self.before = window.since
        sparse = seen * WIDENING <= self._needed()
        if sparse and self.width < _EVERYTHING and self._next_is_light():
            self.width += 1

    def _needed(self) -> float:
        """How many cases with the words probably hold those that are still to be found.

        Each may be on a page of the disk of its own, so no more are looked at than that.
        """
        each = self.looked_at / max(1, len(self.found))
        return min(CROWDED, max((self.limit - len(self.found)) * each, fitting(self.limit)))

    def _next_is_light(self) -> bool:
        left = self.before - self.since
        following = left if self.width >= WIDEST else min(left, reach(self.width + 1))
        return self._weight(following) <= HEAVY

    def _weight(self, stretch: timedelta) -> float:
        return self.per_day * (stretch / timedelta(days=1))


async def ids_by_words(
    conn: Any, terms: Sequence[str], search: Search, limit: int
) -> tuple[list[int], datetime | None]:
    """Ids of cases that have all the ``terms``, newest first, at most ``limit``.

    And where the walk stopped before it was through: after `MOST` cases with the words, or where
    words that are frequent hardly come together.
    """
    rarest_first, walk = await _begin(conn, terms, search, limit)
    words, facets = _words(rarest_first), _facets(search) or f"'{rarest_first[0]}'"
    while not walk.ended and len(walk.found) < limit:
        if walk.tired:
            return walk.found, walk.before
        window = walk.window
        row = await _QUERIES.in_window(
            conn,
            **words,
            window=_any_of(window.marks) or facets,
            facets=facets,
            since=window.since,
            before=walk.before,
            most=min(walk.bound + 1, _NO_BOUND),
            states=search.states,
            source=search.source,
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


async def _begin(
    conn: Any, terms: Sequence[str], search: Search, limit: int
) -> tuple[list[str], Walk]:
    """The terms, the rarest first, and a walk whose first window is likely to fit that one.

    The others are left out of that account: words of one question mostly come together.
    """
    asked, others = list(terms[:4]), terms[4:]
    plans = await _plans(conn, [*asked, *[asked[0]] * (4 - len(asked))])
    expected = dict(zip(asked, plans, strict=False))
    ordered = [*sorted(asked, key=expected.__getitem__), *others]
    span = await _QUERIES.span(conn, before=search.before)
    if span["place"] is None:
        return ordered, Walk(search.since, search.since, _EVERYTHING, 0.0, limit)
    since = max(search.since, span["oldest"])
    days = (span["newest"] - span["oldest"]) / timedelta(days=1)
    per_day = expected[ordered[0]] / max(days, 1.0)
    before = span["place"] + timedelta(microseconds=1)
    width = width_for(per_day, days, fitting(limit))
    return ordered, Walk(before, since, width, per_day, limit)


async def _plans(conn: Any, terms: Sequence[str]) -> list[float]:
    first, second, third, fourth = (query_of([term]) for term in terms)
    told = await _QUERIES.plan(conn, first=first, second=second, third=third, fourth=fourth)
    return [float(plan["Plan Rows"]) for plan in json.loads(told)[0]["Plan"]["Plans"]]


def _words(terms: Sequence[str]) -> dict[str, str]:
    """Conditions on the words; where there are too few of them, one says the same again."""
    rarest = query_of(terms[:1])
    single = [query_of([term]) for term in terms[:3]]
    first, second, third = [*single, rarest, rarest][:3]
    others = query_of(terms[3:]) or rarest
    return {"first": first, "second": second, "third": third, "others": others}


def fitting(limit: int) -> int:
    """How many cases a first window is to have."""
    return 2 * limit


def width_for(per_day: float, days: float, most: int) -> int:
    """The widest window in which no more than ``most`` cases are to be expected."""
    if per_day * days <= most:
        return _EVERYTHING
    fits = timedelta(days=most / per_day)
    return max((width for width in range(1, WIDEST + 1) if reach(width) <= fits), default=0)


def _facets(search: Search) -> str:
    """What the index itself can tell of the cases that are wanted."""
    opener = [] if search.opener is None else [opener_mark(search.opener)]
    categories = [category_mark(category_id) for category_id in search.categories or ()]
    return " & ".join(filter(None, (_any_of(opener), _any_of(categories))))


def _any_of(marks: Sequence[str]) -> str:
    return f"({' | '.join(repr(mark) for mark in marks)})" if marks else ""

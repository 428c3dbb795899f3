"""What rises: words, places and districts of a period beside the period of equal length before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import aiosql

from ticketing.topics.counting import TopicKind
from ticketing.topics.rising import CASES_MIN, Rise, Totals, is_hint, rise

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "topics.sql", "asyncpg")
SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word, and in how many cases it is."""

    word: str
    cases: Rise


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place; ``repeats`` are cases of a category that it had already, ``hint``: they rise."""

    place: str
    name: str
    cases: Rise
    repeats: Rise
    hint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat:
    """Cases of a district and a class; codes and names are empty for those without one."""

    district: str
    district_name: str
    class_code: str
    class_name: str
    cases: Rise


@dataclass(frozen=True, slots=True, kw_only=True)
class HotTopics:
    """What rises in the days from ``first_day`` to ``last_day``, strongest first.

    ``uncounted_days`` of both periods are missing.
    """

    first_day: date
    last_day: date
    totals: Totals
    uncounted_days: int
    words: list[Word]
    addresses: list[Place]
    departments: list[Place]
    heat: list[Heat]


async def hot_topics(conn: Any, last_day: date, days: int) -> HotTopics:
    """Compare the ``days`` up to ``last_day`` with as many before."""
    first_day = last_day - timedelta(days=days - 1)
    span = {"first_day": first_day, "last_day": last_day}
    span["before_day"] = first_day - timedelta(days=days)
    row = await _QUERIES.totals(conn, **span)
    totals = Totals(row["now"], row["before"])
    words = [row async for row in _QUERIES.words(conn, least=CASES_MIN, **span)]
    places = {
        kind: [row async for row in _QUERIES.places(conn, kind=kind, least=CASES_MIN, **span)]
        for kind in (TopicKind.ADDRESS, TopicKind.DEPARTMENT)
    }
    heat = [_heat(row, totals) async for row in _QUERIES.heat(conn, **span)]
    return HotTopics(
        **{name: span[name] for name in ("first_day", "last_day")},
        totals=totals,
        uncounted_days=2 * days - row["days"],
        words=_words(words, totals),
        addresses=_places(places[TopicKind.ADDRESS], totals),
        departments=_places(places[TopicKind.DEPARTMENT], totals),
        heat=heat,
    )


def _words(rows: Iterable[Any], totals: Totals) -> list[Word]:
    """Unusual ones alone: every text has the others."""
    found = [Word(word=row["value"], cases=rise(row["now"], row["before"], totals)) for row in rows]
    unusual = [word for word in found if word.cases.unusual]
    return sorted(unusual, key=lambda word: (_strength(word.cases), word.word))[:SHOWN]


def _places(rows: Iterable[Any], totals: Totals) -> list[Place]:
    found = [_place(row, totals) for row in rows]
    return sorted(found, key=lambda it: (not it.hint, _strength(it.cases), it.place))[:SHOWN]


def _place(row: Any, totals: Totals) -> Place:
    repeats = rise(row["repeats"], row["repeats_before"], totals)
    return Place(
        place=row["value"],
        name=row["name"],
        cases=rise(row["now"], row["before"], totals),
        repeats=repeats,
        hint=is_hint(repeats),
    )


def _heat(row: Any, totals: Totals) -> Heat:
    return Heat(
        district=row["district"],
        district_name=row["district_name"],
        class_code=row["class"],
        class_name=row["class_name"],
        cases=rise(row["now"], row["before"], totals),
    )


def _strength(cases: Rise) -> tuple[float, int]:
    return -(cases.strength or 0.0), -cases.now

"""The working calendar (工作日历): everyone reads it, administrators change days of it."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any

from aiohttp import web
from pydantic import Field

from gateway.auth.roles import ADMINISTRATORS, EVERYONE
from gateway.http.auditing import record_change
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.problems import Problem, not_found
from gateway.jobs import enqueue_redating
from ticketing.clocks.calendar import Calendar, national_arrangement, national_name
from ticketing.clocks.days import (
    LocalDay,
    declare_year,
    declared_years,
    local_days,
    remove_day,
    save_day,
    withdraw_year,
)

YEAR = "20[0-9]{2}"
DAY = "20[0-9]{2}-[0-9]{2}-[0-9]{2}"
CALENDAR = f"/api/v1/calendar/{{year:{YEAR}}}"
DAY_PATH = f"/api/v1/calendar/days/{{day:{DAY}}}"


class SpecialDay(Answer):
    """A day that is free although it is no weekend, or worked although it is one, or set here.

    ``set_by`` is null for a day of the national arrangement that nobody has changed.
    """

    day: date
    working: bool
    name: str
    set_by: str | None


class CalendarYear(Answer):
    """The days of a year. ``known``: all of them are, by the national arrangement or as entered."""

    year: int
    known: bool
    national: bool
    declared: bool
    hours: str
    working_days: int | None
    days: list[SpecialDay]


class DayForm(Strict):
    """What a day is here."""

    working: bool
    name: Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]


@endpoint("GET", CALENDAR, access=EVERYONE, answer=CalendarYear)
async def get_year(inquiry: Inquiry[Nothing, Nothing]) -> CalendarYear:
    """The special days of a year, and whether the year is known at all."""
    year = int(inquiry.path("year"))
    async with inquiry.services.database() as connection:
        local = {each.day: each for each in await local_days(connection)}
        years = frozenset(await declared_years(connection))
    calendar = Calendar({day: each.working for day, each in local.items()}, years)
    known = calendar.knows(year)
    return CalendarYear(
        year=year,
        known=known,
        national=_is_national(year),
        declared=year in years,
        hours=inquiry.settings.clock_hours,
        working_days=sum(map(calendar.is_working, _days(year))) if known else None,
        days=[found for day in _days(year) if (found := _special(day, local.get(day), years))],
    )


@endpoint("PUT", DAY_PATH, access=ADMINISTRATORS, body=DayForm, answer=SpecialDay)
async def put_day(inquiry: Inquiry[DayForm, Nothing]) -> SpecialDay:
    """Have a day worked or free here; deadlines of running clocks follow."""
    services, form = inquiry.services, inquiry.body
    day = LocalDay(
        day=_day(inquiry),
        working=form.working,
        name=form.name,
        set_by=inquiry.person.login,
        set_at=services.clock(),
    )
    async with services.database() as connection, connection.transaction():
        before = await save_day(connection, day)
        if before is None or (before.working, before.name) != (day.working, day.name):
            detail = {"before": _terms(before), "after": _terms(day)}
            await _changed(inquiry, connection, "calendar_day.saved", day.day.isoformat(), detail)
    return SpecialDay(day=day.day, working=day.working, name=day.name, set_by=day.set_by)


@endpoint("DELETE", DAY_PATH, access=ADMINISTRATORS, answer=None, status=204, problems=(404,))
async def delete_day(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Let a day be as the national arrangement says; deadlines of running clocks follow."""
    async with inquiry.services.database() as connection, connection.transaction():
        before = await remove_day(connection, _day(inquiry))
        if before is None:
            raise not_found("这一天的设置")
        detail = {"before": _terms(before)}
        await _changed(inquiry, connection, "calendar_day.removed", before.day.isoformat(), detail)
    return delete_day.respond(None)


@endpoint("PUT", CALENDAR, access=ADMINISTRATORS, answer=None, status=204, problems=(409,))
async def put_year(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Say that the days set for this year are its whole arrangement.

    Its other days are then worked from Monday to Friday.
    """
    year, person, services = int(inquiry.path("year")), inquiry.person, inquiry.services
    if _is_national(year):
        raise Problem(409, f"{year}年已有国家公布的安排，只需设置与之不同的日期")
    async with services.database() as connection, connection.transaction():
        if await declare_year(connection, year, actor=person.login, at=services.clock()):
            await _changed(inquiry, connection, "calendar_year.declared", str(year), {})
    return put_year.respond(None)


@endpoint("DELETE", CALENDAR, access=ADMINISTRATORS, answer=None, status=204, problems=(404,))
async def delete_year(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
    """Take back that the arrangement of this year was entered here."""
    year = int(inquiry.path("year"))
    async with inquiry.services.database() as connection, connection.transaction():
        if not await withdraw_year(connection, year):
            raise not_found("这一年的安排")
        await _changed(inquiry, connection, "calendar_year.withdrawn", str(year), {})
    return delete_year.respond(None)


async def _changed(
    inquiry: Inquiry[Any, Any],
    connection: Any,
    action: str,
    subject: str,
    detail: Mapping[str, object],
) -> None:
    """Note who did it, and have the deadlines worked out anew."""
    await record_change(inquiry, connection, action, subject, detail)
    await enqueue_redating(connection)


def _is_national(year: int) -> bool:
    return Calendar().knows(year)


def _terms(day: LocalDay | None) -> dict[str, object] | None:
    return None if day is None else {"working": day.working, "name": day.name}


def _day(inquiry: Inquiry[Any, Any]) -> date:
    try:
        return date.fromisoformat(inquiry.path("day"))
    except ValueError:
        raise Problem(422, "没有这一天") from None


def _days(year: int) -> list[date]:
    first = date(year, 1, 1)
    return [first + timedelta(days=number) for number in range((date(year + 1, 1, 1) - first).days)]


def _special(day: date, local: LocalDay | None, years: frozenset[int]) -> SpecialDay | None:
    if local is not None:
        return SpecialDay(day=day, working=local.working, name=local.name, set_by=local.set_by)
    national = None if day.year in years else national_arrangement(day)
    if national is None or national == (day.weekday() < 5):
        return None
    return SpecialDay(day=day, working=national, name=national_name(day), set_by=None)


ENDPOINTS = (get_year, put_day, delete_day, put_year, delete_year)

"""C5: rules, calendar and clocks in a real PostgreSQL."""

import asyncio
from datetime import date, datetime, timedelta

import asyncpg
import pytest

from tests.support.clocks import CLOSING, SIGNING, TIMING, CaseOffice, at
from ticketing.case import Case
from ticketing.case_lists import Wanted
from ticketing.clocks import case_clocks
from ticketing.clocks.days import (
    LocalDay,
    declare_year,
    declared_years,
    load_calendar,
    local_days,
    remove_day,
    save_day,
    withdraw_year,
)
from ticketing.clocks.deadline import Allowance, Unit
from ticketing.clocks.errors import ClockStateError, RuleConflictError
from ticketing.clocks.lights import Light
from ticketing.clocks.lists import lit_cases
from ticketing.clocks.rules import Rule, Urgency, rule_for, rule_versions, rules_in_force, save_rule

START = at("11-23 10:00")
DAYS, WALL = Unit.WORKING_DAYS, Unit.HOURS


async def acts(pool: asyncpg.Pool) -> list[str]:
    rows = await pool.fetch("select act from case_clock_history order by entry_id")
    return [row["act"] for row in rows]


async def save(pool: asyncpg.Pool, category: str | None, days: int, seen: int, **how: bool) -> Rule:
    async with pool.acquire() as conn, conn.transaction():
        return await save_rule(
            conn,
            category,
            Urgency.ORDINARY,
            sign=Allowance(4, Unit.WORKING_HOURS),
            close=Allowance(days, DAYS),
            seen_version=seen,
            actor="admin",
            at=START,
            **how,
        )


async def test_rules_at_first(pool: asyncpg.Pool) -> None:
    rules = {rule.urgency: (rule.sign, rule.close) for rule in await rules_in_force(pool)}
    assert rules == {
        Urgency.CRITICAL: (Allowance(1, WALL), Allowance(2, WALL)),
        Urgency.URGENT: (Allowance(2, WALL), Allowance(24, WALL)),
        Urgency.ORDINARY: (Allowance(24, WALL), Allowance(7, DAYS)),
        Urgency.COMPLEX: (Allowance(24, WALL), Allowance(15, DAYS)),
    }


async def test_changed_rule_is_for_new_cases(case_office: CaseOffice, pool: asyncpg.Pool) -> None:
    before = await case_office.open(START)
    rule = await save(pool, None, 3, 1)
    assert (rule.version, rule.close) == (2, Allowance(3, DAYS))
    after = await case_office.open(START)
    await case_office.extend(before, Allowance(1, DAYS), START)  # still by its own rule
    old, new = await case_office.clock(before), await case_office.clock(after)
    assert (old.rule_version, old.deadline) == (1, at("12-03 17:30"))
    assert (new.rule_version, new.deadline) == (2, at("11-26 17:30"))


async def test_rule_of_a_category(case_office: CaseOffice, pool: asyncpg.Pool) -> None:
    await save(pool, "0301", 2, 0)
    assert (await rule_for(pool, "0301", Urgency.ORDINARY)).close == Allowance(2, DAYS)
    assert (await rule_for(pool, "0302", Urgency.ORDINARY)).close == Allowance(7, DAYS)
    assert (await rule_for(pool, "0301", Urgency.URGENT)).close == Allowance(24, WALL)
    case = await case_office.open(START, None)
    clock = await case_office.start(case, CLOSING, START, category="0301")
    assert (clock.category, clock.deadline) == ("0301", at("11-25 17:30"))
    withdrawn = await save(pool, "0301", 2, 1, withdrawn=True)
    assert withdrawn.version == 2
    assert (await rule_for(pool, "0301", Urgency.ORDINARY)).category is None
    assert len(await rules_in_force(pool)) == 4
    assert [rule.version for rule in await rule_versions(pool, "0301", Urgency.ORDINARY)] == [2, 1]


async def test_of_two_who_change_a_rule_one_is_told(pool: asyncpg.Pool) -> None:
    outcomes = await asyncio.gather(
        *(save(pool, None, days, 1) for days in (3, 4, 5)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes].count(Rule) == 1
    assert [type(outcome) for outcome in outcomes].count(RuleConflictError) == 2
    with pytest.raises(RuleConflictError, match="已被他人修改"):
        await save(pool, None, 6, 1)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
        await pool.execute("update clock_rules set close_amount = 1")


async def test_pause_extension_and_stop(case_office: CaseOffice, pool: asyncpg.Pool) -> None:
    case = await case_office.open(START)
    assert (await case_office.clock(case)).deadline == at("12-02 17:30")
    paused = await case_office.pause(case, at("11-24 16:30"))
    assert paused is not None
    assert paused == await case_office.clock(case)
    with pytest.raises(ClockStateError, match="已暂停"):
        await case_office.pause(case, at("11-24 16:40"))
    resumed = await case_office.resume(case, at("11-25 10:30"))
    assert resumed is not None
    assert resumed.deadline == at("12-03 11:30")
    assert resumed == await case_office.clock(case)
    with pytest.raises(ClockStateError, match="没有暂停"):
        await case_office.resume(case, at("11-25 10:40"))
    extended = await case_office.extend(case, Allowance(2, DAYS), at("11-26 10:00"))
    assert extended == await case_office.clock(case)
    assert extended.deadline == at("12-07 11:30")
    assert extended.term == 2
    stopped = await case_office.stop(case, at("11-27 10:00"))
    assert stopped == await case_office.clock(case)
    assert await acts(pool) == ["started", "paused", "resumed", "extended", "stopped"]
    note = "select note from case_clock_history where act = 'extended'"
    assert await pool.fetchval(note) == "施工复杂"
    for act in (case_office.pause, case_office.resume, case_office.stop):
        assert await act(case, at("11-28 10:00")) is None
    assert await case_office.extend(case, Allowance(2, DAYS), START) is None


async def test_one_clock_of_a_kind_runs(case_office: CaseOffice) -> None:
    case = await case_office.open(START)
    with pytest.raises(ClockStateError, match="已在计时"):
        await case_office.start(case, CLOSING, START)
    signing = await case_office.start(case, SIGNING, START)
    assert signing.deadline == at("11-24 10:00")
    await case_office.stop(case, at("11-24 09:00"))
    again = await case_office.start(case, CLOSING, at("12-01 10:00"))
    assert again.deadline == at("12-10 17:30")


async def test_clock_without_calendar_waits_for_it(
    case_office: CaseOffice, pool: asyncpg.Pool
) -> None:
    case = await case_office.open(at("12-28 10:00"))
    clock = await case_office.clock(case)
    assert (clock.deadline, clock.standing.light(at("12-28 10:00"))) == (None, Light.UNDATED)
    assert await redate(pool) == 0
    new_year = LocalDay(
        day=date(2027, 1, 1), working=False, name="元旦", set_by="admin", set_at=START
    )
    async with pool.acquire() as conn, conn.transaction():
        assert await save_day(conn, new_year) is None
        assert await declare_year(conn, 2027, actor="admin", at=START)
        assert not await declare_year(conn, 2027, actor="admin", at=START)
    assert await redate(pool) == 1
    dated = await case_office.clock(case)
    assert dated.deadline == at("12-28 17:30") + timedelta(days=10)  # Thursday 7 January
    assert await redate(pool) == 0
    assert await acts(pool) == ["started", "redated"]
    async with pool.acquire() as conn, conn.transaction():
        assert await withdraw_year(conn, 2027)
        assert not await withdraw_year(conn, 2027)
    assert await redate(pool) == 1
    assert (await case_office.clock(case)).deadline is None


async def redate(pool: asyncpg.Pool) -> int:
    changed = 0
    async with pool.acquire() as conn:
        wrong, after = await case_clocks.wrongly_dated(conn, after=0, timing=TIMING)
        assert after is None
        for clock in wrong:
            async with conn.transaction():
                changed += await case_clocks.redate(conn, clock, timing=TIMING, at=START)
    return changed


async def test_day_that_is_declared_free_moves_deadlines(
    case_office: CaseOffice, pool: asyncpg.Pool
) -> None:
    case = await case_office.open(START)
    wall = await case_office.open(START, Urgency.URGENT)
    day = date(2026, 11, 25)
    typhoon = LocalDay(day=day, working=False, name="台风停工", set_by="admin", set_at=START)
    async with pool.acquire() as conn, conn.transaction():
        await save_day(conn, typhoon)
    assert await local_days(pool) == [typhoon]
    assert await redate(pool) == 1
    assert (await case_office.clock(case)).deadline == at("12-03 17:30")
    assert (await case_office.clock(wall)).deadline == at("11-24 10:00")
    async with pool.acquire() as conn, conn.transaction():
        assert await remove_day(conn, day) == typhoon
        assert await remove_day(conn, day) is None
    assert await redate(pool) == 1
    assert (await case_office.clock(case)).deadline == at("12-02 17:30")
    assert (await load_calendar(pool)).days == {}
    assert await declared_years(pool) == []


async def lit(
    office: CaseOffice, light: Light, now: datetime, limit: int = 50, after: Case | None = None
) -> list[str]:
    wanted = Wanted(limit=limit)
    found = await lit_cases(office.pool, light, wanted, office.actor, now=now, after=after)
    return [case.case_no for case in found]


async def test_cases_by_light(case_office: CaseOffice) -> None:
    week, other = await case_office.open(START), await case_office.open(START)
    day = await case_office.open(START, Urgency.URGENT)
    two_hours = await case_office.open(START, Urgency.CRITICAL)
    paused = await case_office.open(START)
    await case_office.pause(paused, START)
    closed = await case_office.open(START)
    await case_office.stop(closed, START)
    without = await case_office.open(START, None)
    now = at("11-24 08:00")
    shown = {light: await lit(case_office, light, now) for light in Light}
    assert shown == {
        Light.RED: [two_hours.case_no],
        Light.YELLOW: [day.case_no],
        Light.GREEN: [week.case_no, other.case_no],
        Light.PAUSED: [paused.case_no],
        Light.UNDATED: [],
    }
    assert without.case_no not in str(shown)
    # One case can have two clocks: the more pressing one counts, and the list agrees with the tag.
    await case_office.start(week, SIGNING, at("11-23 09:00"))
    assert await lit(case_office, Light.RED, now) == [two_hours.case_no]
    assert await lit(case_office, Light.YELLOW, now) == [week.case_no, day.case_no]
    assert await lit(case_office, Light.GREEN, now) == [other.case_no]
    for case in (week, day, two_hours, other):
        clock = await case_office.clock(case)
        assert case.case_no in await lit(case_office, clock.standing.light(now), now)


async def test_list_by_light_goes_on(case_office: CaseOffice) -> None:
    """Many cases have the same deadline: the close of a day."""
    opened = [await case_office.open(START) for _ in range(5)]
    numbers = [case.case_no for case in opened]
    by_number = dict(zip(numbers, opened, strict=True))
    late = at("12-24 10:00")
    for light, now in ((Light.GREEN, START), (Light.YELLOW, at("12-02 17:00")), (Light.RED, late)):
        seen: list[str] = []
        while page := await lit(case_office, light, now, 2, by_number[seen[-1]] if seen else None):
            seen += page
        assert seen == numbers


async def test_lists_by_light_read_the_index(case_office: CaseOffice, pool: asyncpg.Pool) -> None:
    """Of many cases the ones that are closed cost nothing."""
    await case_office.open(START)
    await pool.execute(
        "insert into cases (case_no, kind, title, body, state, opened_by, opened_at, closed_at)"
        " select '20260101-' || n, 'help', 'x', 'x', 'closed', opened_by, opened_at, opened_at"
        " from cases, generate_series(10000, 29999) n"
    )
    await pool.execute(
        "insert into case_clocks (case_id, kind, rule_id, started_at, deadline, yellow_from,"
        " stopped_at) select case_id, 'closing', 3, opened_at, opened_at, opened_at, opened_at"
        " from cases where state = 'closed'"
    )
    await pool.execute("analyze")
    for light in Light:
        async with pool.acquire() as conn, conn.transaction():
            await conn.execute("set local enable_seqscan = on")
            before = await conn.fetchval(
                "select pg_stat_get_xact_tuples_returned('cases'::regclass)"
            )
            found = await lit_cases(conn, light, Wanted(), case_office.actor, now=START)
            assert len(found) == (light is Light.GREEN)
            after = await conn.fetchval(
                "select pg_stat_get_xact_tuples_returned('cases'::regclass)"
            )
            assert after - before < 10

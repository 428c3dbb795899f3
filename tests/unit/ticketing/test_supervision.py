"""C13: the table of grounds, which lists are due when, what an instruction is, analysis."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.clocks.working_time import CITY
from ticketing.errors import ConflictError
from ticketing.lifecycle import CaseState, Step
from ticketing.supervision.analysis import Axis, Count, Figure, with_shares
from ticketing.supervision.grounds import RULES, Facts, Ground, grounds_of
from ticketing.supervision.periods import ListKind, Period, periods_due
from ticketing.supervision.signing import request_for, step_for
from ticketing.taking import Standing

QUIET = Facts(
    case_id=1,
    version=2,
    state=CaseState.HANDLING,
    department_id=1,
    deadline=None,
    red=False,
    yellow=False,
    unsigned=False,
    urgency="ordinary",
    extension_asked=False,
    returns=0,
    rehandled=0,
    supervised=0,
    joint_late=False,
    dissatisfied=False,
)


@pytest.mark.parametrize(
    ("what", "grounds"),
    [
        ({}, []),
        ({"red": True, "yellow": True}, [Ground.OVERDUE]),
        ({"yellow": True}, [Ground.DUE_SOON]),
        ({"unsigned": True}, []),
        ({"unsigned": True, "urgency": "urgent"}, [Ground.URGENT_UNSIGNED]),
        ({"unsigned": True, "urgency": "critical"}, [Ground.URGENT_UNSIGNED]),
        ({"returns": 1}, []),
        ({"returns": 2}, [Ground.RETURNED_REPEATEDLY]),
        ({"rehandled": 1}, [Ground.REHANDLED]),
        ({"extension_asked": True}, [Ground.EXTENSION_ASKED]),
        ({"joint_late": True}, [Ground.JOINT_LATE]),
        ({"supervised": 1, "red": True}, [Ground.OVERDUE, Ground.SUPERVISED]),
        ({"dissatisfied": True, "state": CaseState.CLOSED}, [Ground.DISSATISFIED]),
        ({"red": True, "supervised": 1, "returns": 3, "state": CaseState.CLOSED}, []),
    ],
)
def test_grounds(what: dict[str, Any], grounds: list[Ground]) -> None:
    assert list(grounds_of(replace(QUIET, **what))) == grounds


def test_every_ground_has_its_row_and_explains_itself() -> None:
    assert set(RULES) == set(Ground)
    assert all(rule.word and rule.sentence for rule in RULES.values())
    assert len({rule.word for rule in RULES.values()}) == len(Ground)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=CITY)


MONDAY = date(2026, 11, 23)
DAY = Period(ListKind.DAY, MONDAY, MONDAY)
WEEK = Period(ListKind.WEEK, date(2026, 11, 16), date(2026, 11, 22))
MONTH = Period(ListKind.MONTH, date(2026, 10, 1), date(2026, 10, 31))


def test_lists_are_due_from_the_hour_on() -> None:
    done = {(MONTH.kind, MONTH.first_day), (WEEK.kind, WEEK.first_day)}
    assert periods_due(at("2026-11-23 07:59"), 8, ()) == (MONTH,)
    assert periods_due(at("2026-11-23 08:00"), 8, ()) == (DAY, WEEK, MONTH)
    assert periods_due(at("2026-11-23 08:00"), 8, done) == (DAY,)
    assert periods_due(at("2026-11-23 23:59"), 8, {*done, (DAY.kind, MONDAY)}) == ()
    assert WEEK in periods_due(at("2026-11-29 00:10"), 8, ())  # until the next week begins
    assert periods_due(at("2026-11-30 07:00"), 8, done) == ()
    assert [p.first_day for p in periods_due(at("2027-01-01 08:00"), 8, ())] == [
        *(date(2027, 1, 1), date(2026, 12, 21), date(2026, 12, 1)),
    ]


def days_due(now: str, *made: date) -> list[int]:
    periods = periods_due(at(now), 8, {(ListKind.DAY, day) for day in made})
    return [period.first_day.day for period in periods if period.kind is ListKind.DAY]


def test_missed_days_are_made_up_after_the_first_list_and_for_a_week() -> None:
    first = date(2026, 11, 5)
    assert days_due("2026-11-08 09:00", first) == [6, 7, 8]
    assert days_due("2026-11-08 07:00", first) == [6, 7]
    assert days_due("2026-11-08 09:00", first, date(2026, 11, 7)) == [6, 8]
    assert days_due("2026-11-23 09:00", first) == [16, 17, 18, 19, 20, 21, 22, 23]
    assert days_due("2026-11-08 09:00") == [8]  # nothing was before the first one
    monday = [period.kind for period in periods_due(at("2026-11-23 09:00"), 8, {(DAY.kind, first)})]
    assert monday == [ListKind.DAY] * 8 + [ListKind.WEEK, ListKind.MONTH]


def test_a_list_made_up_shows_its_hour() -> None:
    assert DAY.moment(at("2026-11-23 15:00"), 8) == at("2026-11-23 15:00")
    assert DAY.moment(at("2026-11-24 00:00"), 8) == at("2026-11-23 08:00")
    assert WEEK.moment(at("2026-11-23 09:00"), 8) == at("2026-11-23 09:00")


@given(st.integers(0, 8 * 365 * 24 * 60), st.integers(0, 23))
def test_periods_are_whole_and_over(minutes: int, hour: int) -> None:
    now = at("2024-01-01 00:00") + timedelta(minutes=minutes)
    for period in periods_due(now, hour, ()):
        start, end = period.bounds
        length = {ListKind.DAY: 1, ListKind.WEEK: 7}.get(period.kind)
        days = (period.last_day - period.first_day).days + 1
        assert length in (None, days)
        assert (period.kind is ListKind.DAY) == (end > now)
        assert start <= now
        if period.kind is ListKind.MONTH:
            assert period.first_day.day == 1
            assert (period.last_day + timedelta(days=1)).day == 1
            assert period.before.bounds[1] == start
        assert period not in periods_due(now, hour, {(period.kind, period.first_day)})


def test_an_instruction_is_supervision_where_the_table_has_it() -> None:
    supervised = {CaseState.DISPATCHED, CaseState.ACCEPTED, CaseState.HANDLING}
    silent = {CaseState.WITHDRAWN, CaseState.MERGED}
    for state, asked in product(CaseState, (False, True)):
        standing = Standing(state=state, extension_asked=asked)
        step = step_for(standing)
        assert step is (
            Step.SUPERVISED if state in supervised else None if state in silent else Step.NOTED
        )
        if step is None:
            with pytest.raises(ConflictError, match="工单20261123-00001已撤回或已并单"):
                request_for("20261123-00001", standing, version=3, words="尽快办理")
        else:
            made = request_for("20261123-00001", standing, version=3, words="尽快办理")
            assert (made.step, made.version) == (step, 3)
            assert made.words == ("尽快办理" if step is Step.SUPERVISED else "批示：尽快办理")


def count(figure: Figure, code: str, *parts: int) -> Count:
    names = ("numerator", "denominator", "numerator_before", "denominator_before")
    return Count(
        axis=Axis.CLASS, code=code, name=code, figure=figure, **dict(zip(names, parts, strict=True))
    )


def test_a_rate_over_nothing_is_no_data_and_nothing_is_compared_with_it() -> None:
    counts = with_shares(
        [
            count(Figure.OPENED, "K1", 3, 3, 0, 0),
            count(Figure.OPENED, "K2", 1, 1, 0, 0),
            count(Figure.CLOSED_IN_TIME, "K1", 2, 4, 1, 4),
        ]
    )
    assert [(it.numerator, it.denominator, it.rate) for it in counts] == [
        *((3, 4, 0.75), (1, 4, 0.25), (2, 4, 0.5)),
    ]
    assert [(it.rate_before, it.moved) for it in counts] == [
        (None, None),
        (None, None),
        (0.25, 0.25),
    ]

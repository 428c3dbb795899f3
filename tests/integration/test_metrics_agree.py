"""M1, M2, M3: rows, running totals, API figures and /metrics say the same."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from metrics import rates
from metrics.figures import figures, midnight, named_rates
from metrics.seats import seat_seconds
from telephony.events import SeatState
from tests.support.calls import (
    UNASKED,
    WAITING,
    change_at_random,
    put_call,
    put_interval,
    random_call,
    seeded,
)
from tests.support.figures import (
    MIDNIGHT,
    NOW,
    TODAY,
    TOMORROW,
    hour,
    keeper,
    registry_of,
    scrape,
    total,
)


def counted(rows: Sequence[asyncpg.Record], *, short_s: float) -> dict[str, float]:
    """The definitions of DESIGN section 5, applied to rows one by one."""
    offered = [row for row in rows if row["offered_at"]]
    answered = [row for row in offered if row["answered_at"]]
    by_outcome = [row["outcome"] for row in rows]
    return {
        "arrived": len(rows),
        "offered": len(offered),
        "answered": len(answered),
        "answered_15s": len([row for row in answered if row["wait_s"] <= 15]),
        "answered_300s": len([row for row in answered if row["wait_s"] <= 300]),
        "short_abandoned": len(
            [
                row
                for row in offered
                if row["outcome"] in ("abandoned_queue", "abandoned_ringing")
                and row["wait_s"] <= short_s
            ]
        ),
        **{name: by_outcome.count(name) for name in (*WAITING[:4], *UNASKED)},
        "refused": by_outcome.count("refused_full") + by_outcome.count("refused_no_staff"),
        "interrupted": by_outcome.count("switch_restart"),
        "wait_s": sum(row["wait_s"] for row in answered),
        "talk_s": sum(row["talk_s"] for row in rows),
        "hold_s": sum(row["hold_s"] for row in rows),
    }


@pytest.mark.parametrize("seed", range(4))
async def test_rows_totals_figures_and_metrics_agree(pool: asyncpg.Pool, seed: int) -> None:
    await change_at_random(pool, seeded(seed), MIDNIGHT)
    rows = await pool.fetch("select * from calls")
    found = await figures(pool, TODAY, date(2026, 11, 25), short_abandon_s=30, now=NOW)
    expected = counted(rows, short_s=30)
    assert {name: getattr(found.calls, name) for name in expected} == pytest.approx(expected)
    source = keeper(pool, short_abandon_s=30)
    await source.refresh()
    samples = scrape(registry_of(source))
    for name in (
        *("arrived", "offered", "answered", "timed_out", "refused", "short_abandoned"),
        "self_served",
    ):
        assert total(samples, f"hotline_calls_{name}_total") == expected[name], name
    for stage in ("greeting", "queue", "ringing"):
        published = total(samples, "hotline_calls_abandoned_total", stage=stage)
        assert published == expected[f"abandoned_{stage}"]
    wait = "hotline_call_wait_seconds"
    assert total(samples, f"{wait}_bucket", le="15.0") == expected["answered_15s"]
    assert total(samples, f"{wait}_bucket", le="300.0") == expected["answered_300s"]
    assert total(samples, f"{wait}_count") == expected["answered"]
    assert total(samples, f"{wait}_sum") == pytest.approx(expected["wait_s"])
    assert total(samples, "hotline_call_talk_seconds_total") == pytest.approx(expected["talk_s"])


async def test_totals_are_empty_when_no_call_is_left(pool: asyncpg.Pool) -> None:
    await change_at_random(pool, seeded(9), MIDNIGHT)
    await pool.execute("delete from calls")
    for row in await pool.fetch("select * from call_totals"):
        assert {value for value in row.values() if not isinstance(value, str | date)} == {0}
    assert await pool.fetchval("select coalesce(sum(abs(amount)), 0) from event_totals") == 0


async def test_day_of_the_city(pool: asyncpg.Pool) -> None:
    call = random_call(seeded(1), "1.1", MIDNIGHT)
    for number, arrived in enumerate([MIDNIGHT - timedelta(seconds=1), MIDNIGHT]):
        await put_call(pool, **call | {"uniqueid": f"1.{number}", "arrived_at": arrived})
    assert (await figures(pool, TODAY)).calls.arrived == 1
    assert (await figures(pool, TODAY - timedelta(days=1))).calls.arrived == 1
    assert (await figures(pool, TODAY - timedelta(days=1), TODAY)).calls.arrived == 2
    empty = await figures(pool, TOMORROW)
    assert rates.connection_rate(empty.calls).rate is None


async def test_writers_in_opposite_order_do_not_block_each_other(pool: asyncpg.Pool) -> None:
    async def write(lines: Sequence[str], prefix: str) -> None:
        for batch in range(20):
            await pool.execute(
                """
                insert into calls
                  (call_id, switchboard, uniqueid, line, caller, arrived_at, revision)
                select id, 'sb1', id, line, '', $2, 1
                from unnest($3::text[]) as line, concat($1::text, line) as id
                """,
                *(f"{prefix}{batch}.", MIDNIGHT, lines),
            )

    lines = [f"{number}" for number in range(30)]
    await asyncio.gather(write(lines, "a"), write(lines[::-1], "b"))
    assert await pool.fetchval("select sum(arrived) from call_totals") == 1200


async def test_seat_time_is_cut_at_midnight(pool: asyncpg.Pool) -> None:
    await put_interval(pool, "1001", "ready", hour(22), hour(26))
    await put_interval(pool, "1001", "talking", hour(26), hour(27))
    await put_interval(pool, "1001", "logged_out", hour(27), None)
    await put_interval(pool, "1002", "ready", hour(23), hour(24))
    await put_interval(pool, "1002", "wrap_up", hour(24), None)
    today = await figures(pool, TODAY, now=NOW)
    tomorrow = await figures(pool, TOMORROW, now=NOW)
    assert (today.seats.ready_s, today.seats.logged_in_s) == (3 * 3600, 3 * 3600)
    assert (tomorrow.seats.ready_s, tomorrow.seats.talking_s) == (2 * 3600, 3600)
    assert tomorrow.seats.wrap_up_s == 16 * 3600
    for found in (today, tomorrow):
        start = midnight(found.first_day)
        agents = await seat_seconds(pool, start, start + timedelta(days=1), now=NOW)
        assert sum(seats.logged_in_s for seats in agents.values()) == found.seats.logged_in_s
        assert sum(seats.busy_s for seats in agents.values()) == found.seats.busy_s
    published = named_rates(tomorrow, planned_seats=2, now=NOW)
    assert published["occupancy"].rate == 17 / 19
    assert published["staffing"].rate == pytest.approx((2 + 1 + 16) / 16 / 2)
    source = keeper(pool)
    await source.refresh()
    samples = scrape(registry_of(source))
    assert total(samples, "hotline_seats", state="wrap_up") == 1
    assert total(samples, "hotline_seats") == 2
    assert total(samples, "hotline_seats_planned") == 171
    assert total(samples, "hotline_seat_seconds_total", state="ready") == 5 * 3600
    assert {dict(labels)["state"] for (name, labels) in samples if name == "hotline_seats"} == set(
        SeatState
    )


async def test_ratings_surveys_and_cases(pool: asyncpg.Pool) -> None:
    await pool.executemany(
        "insert into ratings (call_id, scale, answer, given_at) values ($1, 'three_step', $2, $3)",
        [(f"sb1-{n}", "satisfied" if n else "dissatisfied", NOW) for n in range(4)],
    )
    user = await pool.fetchval(
        "insert into users (login, password_hash, role, display_name)"
        " values ('boss', 'x', 'supervisor', '王') returning user_id"
    )
    case = await pool.fetchval(
        "insert into cases (case_no, call_id, kind, title, body, state, opened_by, opened_at)"
        " values ('20261124-00001', 'sb1-1', 'help', 't', 'b', 'registered', $1, $2)"
        " returning case_id",
        *(user, NOW),
    )
    await pool.execute("update cases set state = 'closed', closed_at = $1, result = 'r'", NOW)
    await pool.execute(
        "insert into survey_attempts"
        " (attempt_id, case_id, switchboard, number, questionnaire, attempt_no, state, claimed_at)"
        " values ('a1', $1, 'sb1', '13800000001', 'case_callback_v1', 1, 'claimed', $2)",
        *(case, NOW),
    )
    await pool.execute(
        "insert into survey_answers (attempt_id, question, answer, answered_at)"
        " values ('a1', 'contacted', 'yes', $1), ('a1', 'satisfied', 'satisfied', $1)",
        NOW,
    )
    await pool.execute(
        "update survey_attempts set state = 'ended', outcome = 'completed', ended_at = $1", NOW
    )
    found = await figures(pool, TOMORROW, now=NOW)
    assert found.ratings("three_step") == {"satisfied": 3, "dissatisfied": 1}
    assert rates.satisfaction("three_step", found.ratings("three_step")).rate == 0.75
    assert found.survey_outcomes == {"completed": 1}
    assert found.survey_answers("contacted") == {"yes": 1}
    immediate = named_rates(found, planned_seats=1, now=NOW)["immediate_answer"]
    assert (immediate.numerator, immediate.denominator) == (0, 1)
    source = keeper(pool)
    await source.refresh()
    samples = scrape(registry_of(source))
    assert total(samples, "hotline_ratings_total", answer="satisfied", scale="three_step") == 3
    assert total(samples, "hotline_survey_attempts_total", outcome="completed") == 1
    assert total(samples, "hotline_survey_answers_total", question="contacted", answer="yes") == 1
    assert total(samples, "hotline_cases_opened_total", kind="help") == 1
    assert total(samples, "hotline_cases_closed_total", kind="help") == 1


async def test_short_abandons_beyond_what_is_kept(pool: asyncpg.Pool) -> None:
    with pytest.raises(ValueError, match="0 to 60"):
        await figures(pool, TODAY, short_abandon_s=61)


async def test_now_defaults_to_the_clock(pool: asyncpg.Pool) -> None:
    started = datetime.now(UTC) - timedelta(seconds=30)
    await pool.execute(
        "insert into seat_intervals (switchboard, agent, state, started_at)"
        " values ('sb1', '1001', 'ready', $1)",
        started,
    )
    day = started.astimezone(MIDNIGHT.tzinfo).date()
    found = await figures(pool, day, day + timedelta(days=1))
    assert 30 <= found.seats.ready_s < 60

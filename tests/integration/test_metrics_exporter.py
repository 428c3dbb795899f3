"""M7: what Prometheus reads is bounded, honest about its age and named as it should be."""

import asyncio
import shutil
from datetime import timedelta

import asyncpg
import pytest

from deploy.embedded.child import eventually
from metrics.snapshot import SnapshotKeeper
from tests.support.calls import change_at_random, put_call, put_interval, random_call, seeded
from tests.support.figures import (
    MIDNIGHT,
    NOW,
    exposition,
    hour,
    keeper,
    registry_of,
    scrape,
    total,
)


async def test_labels_are_bounded(pool: asyncpg.Pool) -> None:
    call = random_call(seeded(3), "1", MIDNIGHT)
    for number, (queue, line) in enumerate([("12345", "12345"), ("odd", "666"), (None, "")]):
        await put_call(pool, **call | {"uniqueid": f"1.{number}", "queue": queue, "line": line})
    await pool.execute(
        "insert into lines (number, name, mode) values ('12315', '消费投诉', 'kept')"
    )
    source = keeper(pool)
    await source.refresh()
    samples = scrape(registry_of(source))
    refused = {
        (dict(labels)["queue"], dict(labels)["line"])
        for name, labels in samples
        if name == "hotline_calls_refused_total"
    }
    arrived = {
        dict(labels)["line"]: value
        for (name, labels), value in samples.items()
        if name == "hotline_calls_arrived_total"
    }
    assert arrived == {"12345": 1, "12315": 0, "other": 1, "none": 1}
    assert refused == {
        ("12345", "12345"),
        ("12345", "12315"),
        ("expert", "12345"),
        ("expert", "12315"),
        ("other", "other"),
        ("none", "none"),
    }
    assert "13800000001" not in exposition(registry_of(source))


async def test_clocks_of_cases(pool: asyncpg.Pool) -> None:
    source = keeper(pool)
    await source.refresh()
    before = scrape(registry_of(source))
    assert total(before, "hotline_case_clocks", clock="closing") == 0
    assert len([name for name, _ in before if name == "hotline_case_clocks"]) == 10
    await pool.execute(
        "insert into users (login, password_hash, role, display_name)"
        " values ('li', 'x', 'supervisor', '李')"
    )
    await pool.execute(
        "insert into cases (case_no, kind, title, body, state, opened_by, opened_at)"
        " select '20260101-1000' || n, 'help', 'x', 'x', 'registered', user_id, $1"
        " from users, generate_series(0, 5) n",
        MIDNIGHT,
    )
    for number, (deadline, yellow, paused, stopped) in enumerate(
        [
            (hour(50), hour(45), None, None),  # green
            (hour(50), hour(40), None, None),
            (hour(40), hour(30), None, None),
            (hour(30), hour(20), hour(10), None),
            (None, None, None, None),
            (hour(30), hour(20), None, hour(10)),  # over
        ]
    ):
        await pool.execute(
            "insert into case_clocks (case_id, kind, rule_id, started_at, deadline, yellow_from,"
            " paused_at, stopped_at) select case_id, 'closing', 1, $2, $3, $4, $5, $6"
            " from cases where case_no = '20260101-1000' || $1::int",
            *(number, MIDNIGHT, deadline, yellow, paused, stopped),
        )
    await pool.execute(
        "insert into case_clock_notices select clock_id, 1, 'overdue', kind, $1 from case_clocks"
        " where deadline = $2",
        *(NOW, hour(40)),
    )
    source = keeper(pool)
    await source.refresh()
    after = scrape(registry_of(source))
    for light in ("green", "yellow", "red", "paused", "undated"):
        assert total(after, "hotline_case_clocks", clock="closing", light=light) == 1
    assert total(after, "hotline_case_clocks", clock="signing") == 0
    assert total(after, "hotline_case_clocks_overdue_total", clock="closing") == 1
    assert total(after, "hotline_case_clocks_reminded_total", clock="closing") == 0
    assert total(after, "hotline_case_clocks_reminded_total", clock="joint") == 0


async def test_seat_seconds_never_go_down(pool: asyncpg.Pool) -> None:
    await put_interval(pool, "1001", "ready", hour(39), None)
    source = keeper(pool)
    registry = registry_of(source)
    await source.refresh()
    assert total(scrape(registry), "hotline_seat_seconds_total", state="ready") == 3600
    await pool.execute("update seat_intervals set ended_at = $1", NOW - timedelta(seconds=2))
    await source.refresh()
    assert total(scrape(registry), "hotline_seat_seconds_total", state="ready") == 3600


async def test_call_that_overflows_into_the_next_queue(pool: asyncpg.Pool) -> None:
    """While it waits it is counted under the queue it is in, yet no counter goes down."""
    call = random_call(seeded(3), "1.1", MIDNIGHT) | {"line": "12345", "offered_at": MIDNIGHT}
    source = keeper(pool)
    registry = registry_of(source)
    for queue in ("12345", "expert"):
        await put_call(pool, **call | {"queue": queue})
        await source.refresh()
        assert total(scrape(registry), "hotline_calls_offered_total", queue=queue) == 1
    assert total(scrape(registry), "hotline_calls_offered_total", queue="12345") == 1
    assert total(scrape(registry), "hotline_calls_arrived_total") == 1
    await put_call(pool, **call | {"uniqueid": "1.2", "queue": "12345"})
    await source.refresh()
    assert total(scrape(registry), "hotline_calls_offered_total", queue="12345") == 1
    assert total(scrape(registry), "hotline_calls_arrived_total") == 2


async def test_database_away(pool: asyncpg.Pool) -> None:
    source = SnapshotKeeper(pool, interval_s=0.01)

    async def up() -> bool:
        return source.up

    async def down() -> bool:
        return not source.up

    assert total(scrape(registry_of(source)), "hotline_figures_up") == 0
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(source.run())
        assert await eventually(up, deadline_s=10)
        await pool.execute("alter table call_totals rename to away")
        assert await eventually(down, deadline_s=10)
        samples = scrape(registry_of(source))
        assert total(samples, "hotline_figures_up") == 0
        assert total(samples, "hotline_figures_age_seconds") > 0
        await pool.execute("alter table away rename to call_totals")
        assert await eventually(up, deadline_s=10)
        running.cancel()


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
async def test_promtool_has_nothing_to_say(pool: asyncpg.Pool) -> None:
    await change_at_random(pool, seeded(5), MIDNIGHT)
    await put_interval(pool, "1001", "ready", hour(39), None)
    source = keeper(pool)
    await source.refresh()
    promtool = await asyncio.create_subprocess_exec(
        *("promtool", "check", "metrics"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await promtool.communicate(exposition(registry_of(source)).encode())
    assert (promtool.returncode, said.decode()) == (0, "")

"""M7: what Prometheus reads is bounded, honest about its age and named as it should be."""

import asyncio
import shutil
from datetime import timedelta

import asyncpg
import pytest

from deploy.embedded.child import eventually
from metrics.snapshot import SnapshotKeeper
from tests.support.calls import change_at_random, put_call, put_interval, random_call, seeded
from tests.support.figures import MIDNIGHT, NOW, exposition, hour, keeper, scrape, total


async def test_labels_are_bounded(pool: asyncpg.Pool) -> None:
    call = random_call(seeded(3), "1", MIDNIGHT)
    for number, (queue, line) in enumerate([("12345", "12345"), ("odd", "666"), (None, "")]):
        await put_call(pool, **call | {"uniqueid": f"1.{number}", "queue": queue, "line": line})
    source = keeper(pool)
    await source.refresh()
    samples = scrape(source)
    arrived = {
        (dict(labels)["queue"], dict(labels)["line"]): value
        for (name, labels), value in samples.items()
        if name == "hotline_calls_arrived_total"
    }
    assert arrived == {
        ("12345", "12345"): 1,
        ("12345", "12315"): 0,
        ("expert", "12345"): 0,
        ("expert", "12315"): 0,
        ("other", "other"): 1,
        ("none", "none"): 1,
    }
    assert "13800000001" not in exposition(source)


async def test_seat_seconds_never_go_down(pool: asyncpg.Pool) -> None:
    await put_interval(pool, "1001", "ready", hour(39), None)
    source = keeper(pool)
    await source.refresh()
    before = total(scrape(source), "hotline_seat_seconds_total", state="ready")
    await pool.execute("update seat_intervals set ended_at = $1", NOW - timedelta(seconds=2))
    await source.refresh()
    assert total(scrape(source), "hotline_seat_seconds_total", state="ready") == before == 3600


async def test_database_away(pool: asyncpg.Pool) -> None:
    source = SnapshotKeeper(pool, interval_s=0.01)

    async def up() -> bool:
        return source.up

    async def down() -> bool:
        return not source.up

    assert total(scrape(source), "hotline_figures_up") == 0
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(source.run())
        assert await eventually(up, deadline_s=10)
        await pool.execute("alter table call_totals rename to away")
        assert await eventually(down, deadline_s=10)
        samples = scrape(source)
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
    said, _ = await promtool.communicate(exposition(source).encode())
    assert (promtool.returncode, said.decode()) == (0, "")

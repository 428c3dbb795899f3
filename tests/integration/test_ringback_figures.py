"""Figures of ringing back (T8): callers reached, and what is published."""

import asyncpg

from callback_survey.ringback.outcome import Outcome
from callback_survey.ringback.tasks import live_tasks
from metrics.callers import CallerCounts, caller_counts, live_ringbacks
from metrics.rates import caller_connection_rate
from metrics.snapshot import SnapshotKeeper
from telephony.events import Outcome as CallOutcome
from tests.support.figures import exposition, registry_of, scrape, total
from tests.support.missed_calls import NUMBER, at, call
from tests.support.ringback_store import claim, end, known, tasks


async def test_callers_reached(pool: asyncpg.Pool) -> None:
    """The caller-level connection rate counts callers, not calls (DESIGN section 5)."""
    period = at(-60), at(120)
    assert await caller_counts(pool, *period) == CallerCounts()
    await known(
        pool,
        call(1, 0),
        call(2, 5, caller=f"+86{NUMBER}"),  # the same caller
        call(3, 0, caller="13800000002"),
        call(4, 9, caller="13800000002", through=True),
        call(5, 0, caller=""),
        call(6, 0, caller=""),  # nobody knows whether it is the same
        call(7, 0, caller="13800000003", outcome=CallOutcome.ABANDONED_GREETING, offered=False),
        call(8, 0, caller="13800000004"),
        call(9, 0, caller="13800000005", outcome=CallOutcome.SELF_SERVED, offered=False),
    )
    assert await caller_counts(pool, *period) == CallerCounts(asked=5, answered=1)
    by_number = {task.number: task for task in await tasks(pool)}
    reached = await claim(pool, by_number[NUMBER].task_id)
    await end(pool, reached, Outcome.ANSWERED, 31)
    vain = await claim(pool, by_number["13800000004"].task_id)
    await end(pool, vain, Outcome.BUSY, 32)
    counts = await caller_counts(pool, *period)
    assert counts == CallerCounts(asked=5, answered=1, rung_back=1)
    assert caller_connection_rate(counts).rate == 0.4
    # Reached after the period is not reached within it.
    assert (await caller_counts(pool, at(-60), at(20))).rung_back == 0
    live = await live_ringbacks(pool)
    assert (live.open, live.in_hand, live.oldest_at) == (1, 0, at(0))


async def test_published_figures(pool: asyncpg.Pool) -> None:
    await known(pool, call(1, 0), call(2, 0, caller=""), call(3, 0, caller="13800000002"))
    [task, _] = await live_tasks(pool)
    await claim(pool, task.task_id)
    source = SnapshotKeeper(pool, clock=lambda: at(50))
    await source.refresh()
    samples = scrape(registry_of(source))
    missed = "hotline_ringback_missed_calls_total"
    assert total(samples, missed, verdict="missed") == 2
    assert total(samples, missed, verdict="withheld") == 1
    assert total(samples, missed, verdict="short") == 0
    assert total(samples, "hotline_ringback_tasks_opened_total") == 2
    assert total(samples, "hotline_ringback_tasks_closed_total") == 0
    assert total(samples, "hotline_ringback_tasks", state="open") == 1
    assert total(samples, "hotline_ringback_tasks", state="in_hand") == 1
    assert total(samples, "hotline_ringback_oldest_seconds") == 50 * 60
    assert total(samples, "hotline_callers_asked") == 3
    assert total(samples, "hotline_callers_reached") == 0
    assert NUMBER not in exposition(registry_of(source))

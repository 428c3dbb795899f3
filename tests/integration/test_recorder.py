"""Recorder against a real PostgreSQL: the newest state wins and nothing is lost (O5, FAULTS 21)."""

import asyncio
from collections.abc import Iterable
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from gateway import recorder as recorder_module
from gateway.errors import OwnershipLostError
from gateway.ownership import Ownership
from gateway.recorder import Recorder, save_calls
from gateway.stored_calls import calls_since
from telephony.events import (
    AgentPart,
    CallEvent,
    CallEventName,
    CallRecord,
    Outcome,
    SeatChanged,
    SeatState,
)
from tests.support.calls import seeded
from tests.support.live import until
from tests.support.owning import owning, running
from tests.support.postgres_proxy import postgres_proxy

START = datetime(2026, 11, 23, 8, tzinfo=UTC)


def call(number: int = 1, revision: int = 1) -> CallRecord:
    """The call ``number`` after so many changes: the third answers it, the fifth ends it."""
    answered_at = START + timedelta(seconds=7) if revision >= 3 else None
    ended_at = START + timedelta(seconds=97) if revision >= 5 else None
    part = AgentPart(
        agent="8001",
        interface="PJSIP/1001",
        answered_at=START + timedelta(seconds=7),
        released_at=ended_at,
        talk_s=10.0 * revision,
        hold_s=0.0,
    )
    return CallRecord(
        switchboard="sb1",
        uniqueid=f"1795420800.{number}",
        line="12345",
        caller=f"1380000{number:04d}",
        queue="12345",
        arrived_at=START,
        offered_at=START + timedelta(seconds=2),
        answered_at=answered_at,
        ended_at=ended_at,
        outcome=Outcome.ANSWERED if ended_at else None,
        wait_s=5.0,
        talk_s=10.0 * revision if answered_at else 0.0,
        hold_s=0.0,
        agents=(part,) if answered_at else (),
        revision=revision,
    )


def said(record: CallRecord) -> CallEvent:
    """Any event that carries this state of its call."""
    event_id = f"{record.call_id}:{record.revision}"
    return CallEvent(event_id=event_id, name=CallEventName.QUEUED, at=START, call=record)


def seat(state: SeatState, second: float, *, agent: str = "8001", reason: str = "") -> SeatChanged:
    """The seat enters ``state`` so many seconds after the start."""
    return SeatChanged(
        event_id=f"sb1-seat-{agent}:{state}:{second}",
        at=START + timedelta(seconds=second),
        switchboard="sb1",
        agent=agent,
        interfaces=("PJSIP/1001",),
        state=state,
        reason=reason,
    )


async def stored(pool: Any) -> dict[str, CallRecord]:
    """All calls of the database by Uniqueid."""
    async with pool.acquire() as connection:
        return {one.uniqueid: one for one in await calls_since(connection, "sb1", START)}


async def intervals(pool: Any, agent: str = "8001") -> list[tuple[str, float, float | None]]:
    """State, beginning and end of a seat's intervals that lasted, in seconds after the start."""
    rows = await pool.fetch(
        "select state, extract(epoch from started_at - $2)::float8 as began_s,"
        " extract(epoch from ended_at - $2)::float8 as ended_s from seat_intervals"
        " where agent = $1 and ended_at is distinct from started_at order by started_at",
        *(agent, START),
    )
    return [(row["state"], row["began_s"], row["ended_s"]) for row in rows]


async def flushed(
    pool: Any, ownership: Ownership, events: Iterable[CallEvent | SeatChanged]
) -> None:
    """One recorder writes ``events`` at once."""
    recorder = Recorder(pool, ownership)
    for event in events:
        recorder.put(event)
    await recorder.flush()
    assert recorder.waiting == 0


async def until_written(recorder: Recorder) -> None:
    """Return when nothing waits any more."""

    async def waiting() -> int:
        return recorder.waiting

    await until(waiting, lambda count: count == 0)


async def test_call_is_stored_as_it_is(pool: asyncpg.Pool, ownership: Ownership) -> None:
    await flushed(pool, ownership, [said(call(revision=5))])
    assert (await stored(pool))["1795420800.1"] == call(revision=5)


async def test_newest_state_wins_in_one_batch(pool: asyncpg.Pool, ownership: Ownership) -> None:
    recorder = Recorder(pool, ownership)
    for revision in range(1, 6):
        recorder.put(said(call(revision=revision)))
    assert recorder.waiting == 1  # an outage costs one entry per call
    await recorder.flush()
    assert await stored(pool) == {"1795420800.1": call(revision=5)}


async def test_older_state_never_overwrites(pool: asyncpg.Pool, ownership: Ownership) -> None:
    await flushed(pool, ownership, [said(call(revision=5))])
    await flushed(pool, ownership, [said(call(revision=3))])
    changed = replace(call(revision=5), line="96310")
    async with pool.acquire() as connection:
        await save_calls(connection, [changed], source="ledger")
    assert await stored(pool) == {"1795420800.1": call(revision=5)}


@pytest.mark.parametrize("seed", range(3))
async def test_many_writers_at_once(pool: asyncpg.Pool, seed: int) -> None:
    """Whatever order the states are written in, and by whom, the newest stays."""
    states = [call(number, revision) for number in range(40) for revision in range(1, 6)]
    seeded(seed).shuffle(states)

    async def write(share: list[CallRecord]) -> None:
        for first in range(0, len(share), 7):
            async with pool.acquire() as connection, connection.transaction():
                await save_calls(connection, newest_of(share[first : first + 7]))

    async with asyncio.TaskGroup() as writers:
        for index in range(4):
            writers.create_task(write(states[index::4]))
    assert await stored(pool) == {
        one.uniqueid: one for one in (call(number, 5) for number in range(40))
    }


def newest_of(records: Iterable[CallRecord]) -> list[CallRecord]:
    """One record per call, as a batch has it."""
    in_order = sorted(records, key=lambda record: record.revision)
    return list({record.uniqueid: record for record in in_order}.values())


async def test_nothing_is_written_while_another_owns(database_dsn: str, pool: asyncpg.Pool) -> None:
    async with AsyncExitStack() as first, AsyncExitStack() as second:
        owner = await first.enter_async_context(owning(database_dsn))
        await owner.held()
        ours = await second.enter_async_context(owning(database_dsn))
        recorder = Recorder(pool, ours)
        await second.enter_async_context(running(recorder.run()))
        recorder.put(said(call(1)))
        recorder.put(seat(SeatState.READY, 0))
        with pytest.raises(OwnershipLostError):
            await recorder.flush()
        assert await stored(pool) == {}
        assert recorder.waiting == 2
        await first.aclose()
        await until_written(recorder)
    assert await stored(pool) == {"1795420800.1": call(1)}
    assert await intervals(pool) == [("ready", 0, None)]


async def test_bounded(pool: asyncpg.Pool, ownership: Ownership) -> None:
    """What does not fit is counted, the oldest first, and left to the ledger."""
    recorder = Recorder(pool, ownership, capacity=10)
    for number in range(25):
        recorder.put(said(call(number)))
        recorder.put(seat(SeatState.READY, number, agent=f"{8000 + number}"))
    assert (recorder.waiting, recorder.dropped) == (20, 30)
    recorder.put(said(call(20, revision=2)))  # one that waits already takes no place
    assert (recorder.waiting, recorder.dropped) == (20, 30)
    await recorder.flush()
    assert set(await stored(pool)) == {f"1795420800.{number}" for number in range(15, 25)}
    assert (await stored(pool))["1795420800.20"].revision == 2


STATES = (SeatState.READY, SeatState.RINGING, SeatState.TALKING)
STATES_RECORDED = [("ready", 0, 1), ("ringing", 1, 2), ("talking", 2, None)]


async def test_postgres_away_and_back(
    database_dsn: str,
    pool: asyncpg.Pool,
    ownership: Ownership,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(recorder_module, "RETRY_S", (0.05,))
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(postgres_proxy(database_dsn))
        far = await stack.enter_async_context(asyncpg.create_pool(proxy.url, min_size=1))
        recorder = Recorder(far, ownership)
        await stack.enter_async_context(running(recorder.run()))
        recorder.put(said(call(0)))
        await until_written(recorder)
        proxy.shut()
        for revision in range(1, 6):
            for number in range(700):  # more than one batch
                recorder.put(said(call(number, revision)))
        for second, state in enumerate(STATES):
            recorder.put(seat(state, second))

        async def refused() -> int:
            return proxy.refused

        await until(refused, lambda count: count >= 2)
        assert recorder.waiting == 703
        assert await stored(pool) == {"1795420800.0": call(0)}
        proxy.reopen()
        await until_written(recorder)
    assert await stored(pool) == {
        one.uniqueid: one for one in (call(number, 5) for number in range(700))
    }
    assert recorder.dropped == 0
    assert await intervals(pool) == STATES_RECORDED


async def test_lost_answer_to_a_commit(
    database_dsn: str,
    pool: asyncpg.Pool,
    ownership: Ownership,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The batch was stored, but nobody heard of it: storing it again changes nothing."""
    monkeypatch.setattr(recorder_module, "RETRY_S", (0.05,))
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(postgres_proxy(database_dsn))
        far = await stack.enter_async_context(asyncpg.create_pool(proxy.url, min_size=1))
        recorder = Recorder(far, ownership)
        proxy.swallow_answer_to = b"COMMIT"
        for second, state in enumerate(STATES):
            recorder.put(seat(state, second))
        recorder.put(said(call(1, 3)))
        with pytest.raises((OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
            await recorder.flush()
        assert recorder.waiting == 4

        async def recorded() -> list[tuple[str, float, float | None]]:
            return await intervals(pool)

        await until(recorded, lambda found: found == STATES_RECORDED)
        await recorder.flush()
    assert await stored(pool) == {"1795420800.1": call(1, 3)}
    assert await intervals(pool) == STATES_RECORDED


async def test_seat_intervals_follow_each_other(pool: asyncpg.Pool, ownership: Ownership) -> None:
    rest, meal = (
        seat(SeatState.NOT_READY, at, reason=why) for at, why in ((5, "小休"), (9, "就餐"))
    )
    await flushed(pool, ownership, [seat(SeatState.READY, 0), rest])
    await flushed(pool, ownership, [replace(rest, at=START + timedelta(seconds=6))])  # still so
    await flushed(pool, ownership, [meal, seat(SeatState.READY, 12)])
    assert await intervals(pool) == [
        ("ready", 0, 5),
        ("not_ready", 5, 9),
        ("not_ready", 9, 12),
        ("ready", 12, None),
    ]


@pytest.mark.parametrize("batch", [1, 2, 3, 5])
async def test_seat_states_of_one_instant(
    pool: asyncpg.Pool, ownership: Ownership, batch: int
) -> None:
    """The last of them is the one that lasts, however they are divided into batches."""
    events = [
        seat(SeatState.READY, 0),
        seat(SeatState.RINGING, 0),
        seat(SeatState.TALKING, 0),
        seat(SeatState.READY, 8),
        seat(SeatState.LOGGED_OUT, 8),
    ]
    for first in range(0, len(events), batch):
        share = events[first : first + batch]
        await flushed(pool, ownership, share)
        await flushed(pool, ownership, share)  # again, as after a lost answer
    assert await intervals(pool) == [("talking", 0, 8), ("logged_out", 8, None)]


async def test_clock_set_back(pool: asyncpg.Pool, ownership: Ownership) -> None:
    """The seat is where it is said to be; no interval is negative or overlaps (FAULTS 27)."""
    events = [seat(SeatState.READY, 0), seat(SeatState.RINGING, 3600), seat(SeatState.TALKING, 60)]
    for _ in range(2):  # again, as after a lost answer
        await flushed(pool, ownership, events)
        assert await intervals(pool) == [("ready", 0, 3600), ("talking", 3600, None)]


async def test_new_owner_forgets_what_others_have_recorded(
    pool: asyncpg.Pool, ownership: Ownership
) -> None:
    recorder = Recorder(pool, ownership)
    for second, state in enumerate(STATES):
        recorder.put(seat(state, second))
        recorder.put(seat(SeatState.READY, second, agent="8002"))
    recorder.keep_newest_of_seats()
    await recorder.flush()
    assert await intervals(pool) == [("talking", 2, None)]
    assert await intervals(pool, "8002") == [("ready", 2, None)]


async def test_conference_is_stored_once_whoever_tells_it(
    pool: asyncpg.Pool, ownership: Ownership
) -> None:
    event = replace(said(call(revision=3)), name=CallEventName.CONFERENCED, agent="8001")
    for _ in range(2):
        await flushed(pool, ownership, [said(call(revision=3)), event])
    (row,) = await pool.fetch("select call_id, at, agent from call_conferences")
    assert tuple(row) == ("sb1-1795420800.1", START, "8001")

"""T3: the recorded states of a seat follow each other without gap or overlap, whatever is told."""

from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from gateway.recorder import _save_seat
from metrics.counts import SeatSeconds
from metrics.seats import seconds_of_call
from telephony.events import SeatChanged, SeatState

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
Told = tuple[SeatState, float]
READY, TALKING, WRAP_UP = SeatState.READY, SeatState.TALKING, SeatState.WRAP_UP


async def recorded(pool: asyncpg.Pool, *told: Told) -> list[tuple[str, float, float | None]]:
    """State, start and end in seconds after noon, after these states were told."""
    for state, second in told:
        at = NOON + timedelta(seconds=second)
        seat = SeatChanged(
            event_id=f"{state}-{second}", at=at, switchboard="sb1", agent="8001",
            interfaces=("PJSIP/1001",), state=state,
        )  # fmt: skip
        async with pool.acquire() as connection, connection.transaction():
            await _save_seat(connection, seat)
    rows = await pool.fetch("select * from seat_intervals order by started_at")

    def seconds(at: datetime | None) -> float | None:
        return None if at is None else (at - NOON).total_seconds()

    return [
        (row["state"], seconds(row["started_at"]) or 0.0, seconds(row["ended_at"])) for row in rows
    ]


async def test_one_after_the_other(pool: asyncpg.Pool) -> None:
    assert await recorded(pool, (READY, 0), (TALKING, 5), (READY, 9)) == [
        ("ready", 0, 5), ("talking", 5, 9), ("ready", 9, None),
    ]  # fmt: skip


async def test_of_two_states_in_one_instant_the_later_stays(pool: asyncpg.Pool) -> None:
    assert await recorded(pool, (TALKING, 0), (READY, 5), (WRAP_UP, 5), (READY, 8)) == [
        ("talking", 0, 5), ("wrap_up", 5, 8), ("ready", 8, None),
    ]  # fmt: skip


async def test_what_is_told_late_begins_where_the_last_ended(pool: asyncpg.Pool) -> None:
    assert await recorded(pool, (READY, 0), (TALKING, 5), (READY, 3)) == [
        ("ready", 0, 5), ("ready", 5, None),
    ]  # fmt: skip


async def test_repeats_change_nothing(pool: asyncpg.Pool) -> None:
    told = [(READY, 0.0), (TALKING, 5.0), (READY, 9.0)]
    once = await recorded(pool, *told)
    assert await recorded(pool, *told) == once
    assert await recorded(pool, *told[1:]) == once


async def inserted(pool: asyncpg.Pool, *rows: tuple[str, float, float | None, str]) -> None:
    """Rows of (state, start, end, source), in this order."""
    for state, start, end, source in rows:
        await pool.execute(
            "insert into seat_intervals (switchboard, agent, state, started_at, ended_at, source)"
            " values ('sb1', '8001', $1, $2, $3, $4)",
            state,
            NOON + timedelta(seconds=start),
            None if end is None else NOON + timedelta(seconds=end),
            source,
        )


@pytest.mark.parametrize(
    "rows",
    [
        [("ready", 0, 10, "live"), ("talking", 9, 20, "live")],  # overlap
        [("ready", 0, None, "live"), ("talking", 9, 20, "live")],  # the one before is still open
        [("ready", 0, 10, "live"), ("talking", 11, 20, "live")],  # gap while logged in
        [("talking", 10, 20, "live"), ("ready", 0, 11, "live")],  # overlap with the one after
        [("talking", 10, 20, "live"), ("ready", 0, 9, "live")],  # gap before the one after
        [("ready", 0, 10, "ledger"), ("talking", 9, 20, "ledger")],
    ],
)
async def test_the_database_refuses_overlap_and_gap(
    pool: asyncpg.Pool, rows: list[tuple[str, float, float | None, str]]
) -> None:
    with pytest.raises(asyncpg.ExclusionViolationError, match="must follow each other"):
        await inserted(pool, *rows)


async def test_the_database_takes_shifts_and_what_a_queue_log_left_out(pool: asyncpg.Pool) -> None:
    await inserted(
        pool,
        ("ready", 0, 10, "ledger"), ("ready", 30, 40, "ledger"), ("ready", 60, 70, "live"),
        ("logged_out", 70, 80, "live"), ("ready", 90, None, "live"),
    )  # fmt: skip
    with pytest.raises(asyncpg.ExclusionViolationError):
        await pool.execute(
            "update seat_intervals set ended_at = $1 where started_at = $2",
            NOON + timedelta(seconds=65),
            NOON + timedelta(seconds=60),
        )


async def test_each_call_has_its_own_times(pool: asyncpg.Pool) -> None:
    def told(state: SeatState, second: float, call_id: str | None) -> SeatChanged:
        return SeatChanged(
            event_id=f"{state}-{second}", at=NOON + timedelta(seconds=second), switchboard="sb1",
            agent="8001", interfaces=("PJSIP/1001",), state=state, call_id=call_id,
        )  # fmt: skip

    async with pool.acquire() as connection, connection.transaction():
        for seat in (
            told(TALKING, 0, "sb1-1"), told(TALKING, 30, "sb1-2"),
            told(SeatState.HOLD, 40, "sb1-2"),
            told(WRAP_UP, 45, "sb1-2"), told(WRAP_UP, 50, None), told(READY, 65, None),
        ):  # fmt: skip
            await _save_seat(connection, seat)
        now = NOON + timedelta(seconds=100)
        first = await seconds_of_call(connection, "sb1-1", now=now)
        second = await seconds_of_call(connection, "sb1-2", now=now)
        assert await seconds_of_call(connection, "sb1-3", now=now) == {}
    assert first == {("sb1", "8001"): SeatSeconds(talking_s=30)}
    # After a new start of the gateway the call before a wrap-up is not known any more.
    assert second == {("sb1", "8001"): SeatSeconds(talking_s=10, hold_s=5, wrap_up_s=20)}

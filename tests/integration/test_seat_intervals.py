"""T3: the recorded states of a seat follow each other without gap or overlap, whatever is told."""

from datetime import UTC, datetime, timedelta

import asyncpg

from gateway.recorder import _save_seat
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

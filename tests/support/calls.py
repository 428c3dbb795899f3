"""Calls and seat intervals as rows, for tests that need many of them."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

import asyncpg

WAITING = ("abandoned_queue", "abandoned_ringing", "timed_out", "left_no_staff", "switch_restart")
UNASKED = ("abandoned_greeting", "self_served")
OUTCOMES = ("answered", *UNASKED, "refused_full", "refused_no_staff", *WAITING)


async def put_call(conn: asyncpg.Connection | asyncpg.Pool, **row: Any) -> None:
    """Insert a call, or replace the one with the same id."""
    row.setdefault("call_id", f"{row['switchboard']}-{row['uniqueid']}")
    names = ", ".join(row)
    values = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    changes = ", ".join(f"{name} = excluded.{name}" for name in row)
    await conn.execute(
        f"insert into calls ({names}) values ({values})"  # noqa: S608  # names of this module
        f" on conflict (call_id) do update set {changes}",
        *row.values(),
    )


def seeded(seed: int) -> Random:
    """Chance that is the same every time."""
    return Random(seed)  # noqa: S311  # not for secrets


def random_call(random: Random, uniqueid: str, first: datetime) -> dict[str, Any]:
    """A call in any state it can be in, on the day of `first` or the next."""
    arrived = first + timedelta(seconds=random.randrange(2 * 86_400))
    outcome = random.choice([None, *OUTCOMES])
    offered = (outcome not in UNASKED and random.random() < 0.9) or outcome in WAITING
    answered = offered and outcome in (None, "answered", "switch_restart")
    wait_s = round(
        random.choice([0.0, 5.0, 15.0, random.uniform(0, 60), random.uniform(0, 400)]), 3
    )
    return {
        "switchboard": "sb1",
        "uniqueid": uniqueid,
        "line": random.choice(["12345", "12315", "96310"]),
        "caller": "13800000001",
        "queue": random.choice(["12345", "expert", "night"]) if offered else None,
        "arrived_at": arrived,
        "offered_at": arrived if offered else None,
        "answered_at": arrived + timedelta(seconds=wait_s) if answered else None,
        "ended_at": arrived + timedelta(seconds=wait_s + 90) if outcome else None,
        "outcome": outcome,
        "wait_s": wait_s if offered else None,
        "talk_s": round(random.uniform(0, 300), 3) if answered else 0.0,
        "hold_s": round(random.uniform(0, 30), 3) if answered else 0.0,
        "revision": random.randrange(100),
    }


async def change_at_random(pool: asyncpg.Pool, random: Random, first: datetime) -> None:
    """Insert, replace and delete calls, one by one and many in one statement."""
    ids = [f"1.{number}" for number in range(150)]
    for uniqueid in random.choices(ids, k=250):
        await put_call(pool, **random_call(random, uniqueid, first))
    await pool.execute("delete from calls where uniqueid = any($1)", random.sample(ids, 5))
    await pool.execute(
        "update calls set queue = 'expert' where line = '12315' and queue is not null"
    )
    await pool.execute("update calls set talk_s = talk_s + 0.1 where answered_at is not null")
    await pool.execute("update calls set recorded_at = now()")


async def put_interval(
    pool: asyncpg.Pool, agent: str, state: str, started_at: datetime, ended_at: datetime | None
) -> None:
    """Enter a state and, where an end is given, leave it in a second statement, as is done live."""
    await pool.execute(
        "insert into seat_intervals (switchboard, agent, state, started_at)"
        " values ('sb1', $1, $2, $3)",
        *(agent, state, started_at),
    )
    if ended_at is not None:
        await pool.execute(
            "update seat_intervals set ended_at = $2 where agent = $1 and ended_at is null",
            *(agent, ended_at),
        )

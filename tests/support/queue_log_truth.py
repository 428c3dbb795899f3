"""What queue_log says of each caller, read as plainly as possible.

It shares nothing with `telephony.queue_log`: it is the evidence by which that is judged.
"""

from collections.abc import Mapping
from pathlib import Path

import asyncpg

ENDINGS: Mapping[str, str] = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timed_out",
    "EXITEMPTY": "left_no_staff",
}


def outcomes(queue_log: Path) -> dict[str, str]:
    """Uniqueid → ``answered``, ``abandoned``, ``timed_out``, ``left_no_staff``, or ``waiting``."""
    found: dict[str, str] = {}
    for line in queue_log.read_text("utf-8").splitlines():
        _at, uniqueid, _queue, _agent, event, *_data = line.split("|")
        if event == "ENTERQUEUE":
            found.setdefault(uniqueid, "waiting")
        elif event in ENDINGS and found.get(uniqueid) != "answered":
            found[uniqueid] = ENDINGS[event]
    return found


def plainly(outcome: str | None) -> str:
    """An outcome of ours in the words of queue_log, which knows no stage of an abandonment."""
    if outcome is None:
        return "waiting"
    return "abandoned" if outcome.startswith("abandoned") else outcome


async def recorded_outcomes(dsn: str) -> list[tuple[str, str]]:
    """Uniqueid and plain outcome of every offered call in `calls`, in order."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            "select uniqueid, outcome from calls where offered_at is not null"
        )
    finally:
        await connection.close()
    return sorted((row["uniqueid"], plainly(row["outcome"])) for row in rows)

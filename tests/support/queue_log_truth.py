"""What queue_log says of each caller, read as plainly as possible.

It shares nothing with `telephony.queue_log`: it is the evidence by which that is judged.

When Asterisk is killed queue_log just stops: who waited has no ABANDON, who talked no COMPLETE….
The next line is ``QUEUESTART``, when Asterisk has started again. ``core restart now`` hangs up
first: ABANDON and COMPLETE… are there, then ``QUEUESTART``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import asyncpg

ENDINGS: Mapping[str, str] = {
    "CONNECT": "answered",
    "ABANDON": "abandoned",
    "EXITWITHTIMEOUT": "timed_out",
    "EXITEMPTY": "left_no_staff",
}


@dataclass
class QueueCall:
    """One caller; ``wait_s`` runs from the first entry to the first answer or the last exit."""

    outcome: str = "waiting"
    queue: str = ""
    entered_s: int = 0
    wait_s: int | None = None
    agents: list[str] = field(default_factory=list)
    left_ringing: bool = False


def read_queue_log(queue_log: Path) -> dict[str, QueueCall]:
    """Every caller who entered a queue, by Uniqueid, in the words of `ENDINGS`."""
    calls: dict[str, QueueCall] = {}
    for line in queue_log.read_text("utf-8").splitlines():
        at, uniqueid, queue, agent, event, *_data = line.split("|")
        if event == "ENTERQUEUE":
            call = calls.setdefault(uniqueid, QueueCall(entered_s=int(at)))
        elif uniqueid not in calls:
            continue
        call = calls[uniqueid]
        if event == "CONNECT":
            call.agents.append(agent)
        if call.outcome == "answered":
            continue
        call.queue = queue
        if event in ENDINGS:
            call.outcome = ENDINGS[event]
            call.wait_s = int(at) - call.entered_s
        else:
            call.left_ringing = event == "RINGCANCELED"
    return calls


def outcomes(queue_log: Path) -> dict[str, str]:
    """Uniqueid → ``answered``, ``abandoned``, ``timed_out``, ``left_no_staff``, or ``waiting``."""
    return {uniqueid: call.outcome for uniqueid, call in read_queue_log(queue_log).items()}


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

"""What is recorded against what the switchboard recorded itself: every difference in a sentence."""

import json
import os
import random
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg

from tests.support.cel_truth import CelCall, read_cel
from tests.support.gateway import Api
from tests.support.lasting_ami import LastingRecorder
from tests.support.live import until
from tests.support.queue_log_truth import QueueCall, plainly, read_queue_log
from tests.support.system import System
from tests.support.traffic import Traffic
from tests.support.transfers import AGENTS, NOBODYS_SEAT

SEED = int(os.environ.get("HOTLINE_TEST_TRUTH_SEED", "0")) or random.randrange(1, 10**6)  # noqa: S311
SETTINGS = {
    "seats": (*AGENTS, NOBODYS_SEAT),
    "queue_maxlen": 5,
    "queue_timeout_s": 12,
    "wrapup_s": 1,
    "ring_timeout_s": 3,
    "rating_timeout_s": 3,
}
AGREE_WITHIN_S = 10.0
FEW = 3  # SIP surprises, however few calls there were
TALK_S = 1.0
WAIT_S = 1.01  # both ends of a wait in queue_log are whole seconds
REFUSED = {
    "FULL": "refused_full",
    "JOINEMPTY": "refused_no_staff",
    "JOINUNAVAIL": "refused_no_staff",
}


@asynccontextmanager
async def traffic_at(
    system: System, seed: int, calls: int, evidence: Path
) -> AsyncIterator[Traffic]:
    """Traffic to be run; what AMI said is kept in ``evidence``, and the seed is told."""
    switchboard = system.switchboard
    ami = await LastingRecorder.connect(switchboard.ami_port, switchboard.secrets.ami)
    traffic = Traffic(switchboard, ami, seed, calls)
    try:
        yield traffic
    finally:
        print(  # noqa: T201
            f"seed {seed}, {calls} calls, {traffic.failed} with a SIP surprise, {traffic.cut} cut"
        )
        ami.save(evidence)
        await ami.close()


async def agree(system: System, traffic: Traffic) -> None:
    """The traffic is over: within ten seconds nothing differs any more."""
    deaths_s = [outage.last_s for outage in traffic.outages]
    await until(lambda: differences(system, deaths_s), lambda found: not found, AGREE_WITHIN_S)
    async with system.gateway.browser("chief") as chief:
        await until(
            lambda: seat_differences(traffic.ami, chief), lambda found: not found, AGREE_WITHIN_S
        )
    assert traffic.failed < max(FEW, (traffic.calls - traffic.cut) / 10)


async def differences(system: System, deaths_s: Iterable[float] = ()) -> list[str]:
    """Differences of calls and seat intervals; ``deaths_s``: when Asterisk was killed."""
    interfaces = {f"PJSIP/{seat}": agent for seat, agent in AGENTS.items()}
    cel = read_cel(system.switchboard.cel_csv, interfaces, deaths_s)
    queue_log = read_queue_log(system.switchboard.queue_log)
    connection = await asyncpg.connect(system.database_dsn)
    try:
        rows = {row["uniqueid"]: row for row in await connection.fetch("select * from calls")}
        intervals = await connection.fetch(
            "select * from seat_intervals order by agent, started_at, ended_at nulls last"
        )
    finally:
        await connection.close()
    found = [f"{uniqueid}: recorded, but CEL has no such caller" for uniqueid in rows - cel.keys()]
    for uniqueid, call in cel.items():
        if (row := rows.get(uniqueid)) is None:
            found.append(f"{uniqueid}: not recorded")
        else:
            found += [f"{uniqueid}: {one}" for one in _of_call(row, call, queue_log.get(uniqueid))]
    return found + _of_intervals(intervals)


def _of_call(row: Any, cel: CelCall, queued: QueueCall | None) -> list[str]:
    found = []
    if (row["ended_at"] is None) != (cel.ended_s is None):
        found.append(f"ended {row['ended_at']}, in CEL {cel.ended_s}")
    if abs(row["arrived_at"].timestamp() - cel.arrived_s) > TALK_S:
        found.append(f"arrived {row['arrived_at'].timestamp()}, in CEL {cel.arrived_s}")
    if row["line"] != cel.line:
        found.append(f"line {row['line']}, in CEL {cel.line}")
    if cel.cut:
        found += _of_cut(row, cel)
    if queued is None:
        wanted = "self_served" if cel.told else "abandoned_greeting"
        wanted = REFUSED[cel.refused] if cel.refused else wanted
        if row["outcome"] != wanted and not cel.cut:
            found.append(f"outcome {row['outcome']}, in CEL {wanted}")
        if row["wait_s"] not in ({0.0} if cel.refused else {None}):
            found.append(f"wait {row['wait_s']} of a caller who was never queued")
    else:
        found += _of_queue(row, queued, cel)
    ours = {part["agent"]: part["talk_s"] + part["hold_s"] for part in json.loads(row["agents"])}
    for agent in sorted(ours.keys() | cel.talks.keys()):
        one, other = ours.get(agent), cel.talks.get(agent)
        if one is None or other is None or abs(one - other) > TALK_S:
            found.append(f"agent {agent} talked {one} s, in CEL {other} s")
    return found


def _of_cut(row: Any, cel: CelCall) -> list[str]:
    """Asterisk was killed under the call."""
    found = []
    if row["outcome"] != "switch_restart":
        found.append(f"outcome {row['outcome']}, but the switchboard was killed")
    ended_s = row["ended_at"].timestamp() if row["ended_at"] else None
    if ended_s is None or cel.ended_s is None or abs(ended_s - cel.ended_s) > TALK_S:
        found.append(f"ended {ended_s}, but the switchboard was killed {cel.ended_s}")
    return found


def _of_queue(row: Any, queued: QueueCall, cel: CelCall) -> list[str]:
    found = [] if cel.cut else _of_outcome(row, queued)
    if row["queue"] != queued.queue:
        found.append(f"queue {row['queue']}, in queue_log {queued.queue}")
    wait_s = queued.wait_s
    if wait_s is None and cel.cut and cel.ended_s:
        wait_s = int(cel.ended_s) - queued.entered_s
    if wait_s is None or row["wait_s"] is None or abs(row["wait_s"] - wait_s) > WAIT_S:
        found.append(f"waited {row['wait_s']} s, in queue_log {wait_s} s")
    if queued.agents and row["agent"] != queued.agents[0]:
        found.append(f"answered by {row['agent']}, in queue_log {queued.agents}")
    return found


def _of_outcome(row: Any, queued: QueueCall) -> list[str]:
    if plainly(row["outcome"]) != queued.outcome:
        return [f"outcome {row['outcome']}, in queue_log {queued.outcome}"]
    if queued.outcome == "abandoned":
        stage = "abandoned_ringing" if queued.left_ringing else "abandoned_queue"
        if row["outcome"] != stage:
            return [f"outcome {row['outcome']}, in queue_log {stage}"]
    return []


def _of_intervals(intervals: list[Any]) -> list[str]:
    """States of one seat follow each other without gap or overlap, and only the last is open."""
    found = []
    for one, other in pairwise(intervals):
        if one["agent"] == other["agent"] and one["ended_at"] != other["started_at"]:
            found.append(
                f"seat {one['agent']}: {one['state']} until {one['ended_at']},"
                f" then {other['state']} from {other['started_at']}"
            )
    return found


async def seat_differences(ami: LastingRecorder, chief: Api) -> list[str]:
    """Differences between the seats as shown and ``QueueStatus``; nobody is on a call."""
    wanted: dict[str, tuple[str, set[str]]] = {}
    for message in await ami.list_action("QueueStatus", "QueueStatusComplete"):
        if not message.startswith(b"Event: QueueMember\r\n"):
            continue
        said = dict(re.findall(r"\r\n([A-Za-z]+): ([^\r]*)", message.decode()))
        _, queues = wanted.get(said["Name"], ("", set()))
        wanted[said["Name"]] = (_state(said), queues | {said["Queue"]})
    shown = {
        seat["agent"]: (seat["state"], set(seat["queues"]))
        for seat in await chief.get("/api/v1/seats")
    }
    return [
        f"seat {agent}: shown as {shown.get(agent)}, by QueueStatus {standing}"
        for agent, standing in wanted.items()
        if shown.get(agent) != standing
    ]


def _state(said: Mapping[str, str]) -> str:
    if said["Paused"] == "1":
        return "not_ready"
    return {"1": "ready", "4": "unreachable", "5": "unreachable"}[said["Status"]]

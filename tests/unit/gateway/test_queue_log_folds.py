"""T11: any stream of queue_log lines, put down and taken up anywhere."""

import json
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.queue_log_import.call_fold import FinishedCall
from gateway.queue_log_import.call_record import call_record
from gateway.queue_log_import.history import History
from gateway.queue_log_import.seat_fold import SeatStretch
from telephony.events import CallRecord
from telephony.queue_log import QueueLogLine, parse_line
from tests.support.folding import HOUR, T, told

AGENTS = ("8001", "SIP/8002", "Agent/8003")
QUEUES = ("q", "r")
EVENTS = (
    "ENTERQUEUE||13800000001|1", "CONNECT|5|1.8|3", "COMPLETEAGENT|5|7|1", "COMPLETECALLER|5|7",
    "TRANSFER|a|b", "BLINDTRANSFER|a|b|5|7|1", "ABANDON|1|1|9", "EXITWITHTIMEOUT|1",
    "EXITEMPTY|1|1|9", "RINGNOANSWER|3000", "RINGCANCELED|700", "ADDMEMBER|", "REMOVEMEMBER|",
    "PAUSE|rest", "UNPAUSE|", "PAUSEALL|lunch", "UNPAUSEALL|", "AGENTLOGIN|x", "AGENTLOGOFF|x|9",
    "QUEUESTART|", "CONFIGRELOAD|", "DID|12345",
)  # fmt: skip


@st.composite
def streams(draw: st.DrawFn) -> list[QueueLogLine]:
    """Lines in any order of events, at times that mostly go forward."""
    at, read = T, []
    pause = st.sampled_from([0, 0, 1, 5, 30, 700, 7 * HOUR, 25 * HOUR, -2])
    for _ in range(draw(st.integers(0, 60))):
        at += draw(pause)
        event = draw(st.sampled_from(EVENTS))
        uniqueid, queue = f"1.{draw(st.integers(1, 4))}", draw(st.sampled_from(QUEUES))
        agent = draw(st.sampled_from(AGENTS))
        read.append(parse_line(f"{at}|{uniqueid}|{queue}|{agent}|{event}"))
    return read


def outcome_of(
    pieces: Sequence[Sequence[QueueLogLine]],
) -> tuple[list[CallRecord], list[SeatStretch]]:
    """Calls and stretches when the history is put down behind each piece."""
    history, calls, seats = History.empty(), list[FinishedCall](), list[SeatStretch]()
    for piece in pieces:
        told(history, piece)
        if piece:
            history.calls.sweep(piece[-1].at)
        calls += history.calls.drain()
        seats += history.seats.drain()
        history = History.from_json(json.loads(json.dumps(history.to_json(), sort_keys=True)))
    records = [call_record("sb1", call) for call in calls + history.calls.unfinished()]
    return sorted(records, key=repr), seats


@given(streams(), st.lists(st.integers(0, 60)))
def test_cuts_change_nothing(stream: list[QueueLogLine], cuts: list[int]) -> None:
    borders = [0, *sorted(cuts), len(stream)]
    pieces = [stream[a:b] for a, b in pairwise(borders)]
    assert outcome_of(pieces) == outcome_of([stream])


@given(streams())
def test_no_overlap_and_nothing_negative(stream: list[QueueLogLine]) -> None:
    calls, seats = outcome_of([stream])
    for call in calls:
        assert call.wait_s is not None
        assert min(call.wait_s, call.talk_s, *(part.talk_s for part in call.agents), 0) == 0
        assert call.ended_at is not None
        assert call.arrived_at <= call.ended_at
        assert call.outcome is not None
    by_agent = defaultdict(list)
    for one in seats:
        by_agent[one.agent].append(one)
    for own in by_agent.values():
        assert all(one.started_at < one.ended_at for one in own)
        assert all(a.ended_at <= b.started_at for a, b in pairwise(own))

"""T11: calls and seat states out of a stream of queue_log lines, put down and taken up anywhere."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.queue_log_import import call_fold
from gateway.queue_log_import.call_fold import NO_ENTRY, FinishedCall
from gateway.queue_log_import.call_record import FINAL, UNENDED, call_record
from gateway.queue_log_import.history import NO_UNIQUEID, History
from gateway.queue_log_import.seat_fold import SeatStretch
from telephony.events import CallRecord, Outcome, SeatState
from telephony.queue_log import QueueLogLine, parse_line

T = 1_300_000_000
HOUR = 3600


def lines(*texts: str) -> list[QueueLogLine]:
    """Each text is a line with seconds after `T` for its time."""
    return [parse_line(f"{T + float(at)}|{rest}") for at, rest in (t.split("|", 1) for t in texts)]


def told(history: History, read: Iterable[QueueLogLine]) -> None:
    for line in read:
        history.take(line)


def finished(history: History) -> list[FinishedCall]:
    """All calls, also those that would be over at the end."""
    return history.calls.drain() + history.calls.unfinished()


def rows(*texts: str) -> list[CallRecord]:
    history = History.empty()
    told(history, lines(*texts))
    return [call_record("sb1", call) for call in finished(history)]


def stretches(*texts: str) -> list[tuple[str, SeatState, str, float, float]]:
    history = History.empty()
    told(history, lines(*texts))
    return [
        (one.agent, one.state, one.reason, one.started_at - T, one.ended_at - T)
        for one in history.seats.drain()
    ]


# Calls


def test_a_call() -> None:
    (row,) = rows(
        "2|sb-1300000000.7|q|NONE|ENTERQUEUE||13800000001|1",
        "10|sb-1300000000.7|q|8001|CONNECT|8|sb-1300000007.8|3",
        "40|sb-1300000000.7|q|8001|COMPLETECALLER|8|30|1",
    )
    assert row.call_id == "sb1-sb-1300000000.7"
    assert (row.line, row.caller, row.queue) == ("", "13800000001", "q")
    assert row.arrived_at.timestamp() == T  # when the channel was made
    assert row.offered_at is not None
    assert row.offered_at.timestamp() == T + 2
    assert row.ended_at is not None
    assert row.ended_at.timestamp() == T + 40
    assert (row.outcome, row.wait_s, row.talk_s) == (Outcome.ANSWERED, 8, 30)
    (part,) = row.agents
    assert (part.agent, part.talk_s, part.hold_s) == ("8001", 30, 0)
    assert part.released_at == row.ended_at
    assert row.revision == FINAL


def test_several_queues_and_agents_are_one_call() -> None:
    (row,) = rows(
        "0|1.7|q|NONE|ENTERQUEUE||13800000001|1",
        "60|1.7|q|NONE|EXITWITHTIMEOUT|1|1|60",
        "61|1.7|r|NONE|ENTERQUEUE||13800000001|1",
        "70|1.7|r|8001|CONNECT|9|1.8|3",
        "90|1.7|r|8001|BLINDTRANSFER|q|queues|9|20|1",
        "91|1.7|q|NONE|ENTERQUEUE||13800000001|1",
        "95|1.7|q|8002|CONNECT|4|1.9|3",
        "100|1.7|q|8002|COMPLETEAGENT|4|5|1",
    )
    assert (row.outcome, row.queue, row.wait_s, row.talk_s) == (Outcome.ANSWERED, "r", 70, 25)
    assert [(part.agent, part.talk_s) for part in row.agents] == [("8001", 20), ("8002", 5)]


def test_who_waits_for_ever_is_unseen_and_may_be_told_of_later() -> None:
    (row,) = rows("0|1.7|q|NONE|ENTERQUEUE||138|1", "5|1.7|q|8001|RINGNOANSWER|3000")
    assert (row.outcome, row.wait_s, row.revision) == (Outcome.UNSEEN, 5, UNENDED)


def test_who_talks_for_ever_was_answered() -> None:
    (row,) = rows("0|1.7|q|NONE|ENTERQUEUE||138|1", "5|1.7|q|8001|CONNECT|5|1.8|3")
    assert (row.outcome, row.wait_s, row.talk_s) == (Outcome.ANSWERED, 5, 0)
    assert row.agents[0].released_at is None
    assert row.revision == UNENDED


def test_a_restart_cuts_what_is_up_at_the_last_sign_of_life() -> None:
    found = rows(
        "0|1.1|q|NONE|ENTERQUEUE||138|1",
        "0|1.2|q|NONE|ENTERQUEUE||139|1",
        "3|1.1|q|8001|CONNECT|3|1.3|3",
        "8|1.9|q|NONE|ENTERQUEUE||137|1",
        "9|1.9|q|NONE|ABANDON|1|1|1",
        "90000|NONE|NONE|NONE|QUEUESTART|",
        "90001|1.2|q|NONE|ABANDON|1|1|5",
    )
    talking, waiting, gone = sorted(found, key=lambda row: row.uniqueid)
    assert (talking.outcome, talking.talk_s) == (Outcome.SWITCH_RESTART, 6)
    assert (waiting.outcome, waiting.wait_s) == (Outcome.SWITCH_RESTART, 9)
    assert gone.outcome is Outcome.ABANDONED_QUEUE
    assert {row.revision for row in found} == {FINAL}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("0|1.7|q|8001|CONNECT|5|1.8|3", NO_ENTRY),
        ("0|1.7|q|NONE|ABANDON|1|1|5", NO_ENTRY),
        ("0|NONE|q|NONE|ENTERQUEUE||138|1", NO_UNIQUEID),
        ("0||q|NONE|ENTERQUEUE||138|1", NO_UNIQUEID),
        ("0|MANAGER|q|8001|ADDMEMBER|", None),
        ("0|1.7|q|NONE|DID|12345", None),
    ],
)
def test_lines_that_tell_nothing_of_their_call(line: str, wrong: str | None) -> None:
    assert History.empty().take(lines(line)[0]) == wrong


def test_the_same_entry_twice_is_one() -> None:
    once = ("0|1.7|q|NONE|ENTERQUEUE||138|1", "9|1.7|q|NONE|ABANDON|1|1|9")
    assert rows(once[0], *once) == rows(*once)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_fold, "CAPACITY", 100)
    history = History.empty()
    told(history, (parse_line(f"{T}|1.{n}|q|NONE|ENTERQUEUE||138|1") for n in range(1000)))
    assert len(history.calls) == 100
    assert [call.record.uniqueid for call in history.calls.drain()] == [
        f"1.{number}" for number in range(900)
    ]


def test_calls_are_given_up_in_time() -> None:
    history = History.empty()
    told(history, lines("0|1.1|q|NONE|ENTERQUEUE||138|1", "0|1.2|q|NONE|ENTERQUEUE||139|1"))
    told(history, lines("9|1.1|q|NONE|ABANDON|1|1|9"))
    history.calls.sweep(T + 90)
    assert [call.record.uniqueid for call in history.calls.drain()] == ["1.1"]
    history.calls.sweep(T + 7 * HOUR)
    assert [call.record.uniqueid for call in history.calls.drain()] == ["1.2"]
    assert len(history.calls) == 0


# Seats


def test_a_shift() -> None:
    assert stretches(
        "0|MANAGER|q|PJSIP/8001|ADDMEMBER|",
        "0|MANAGER|r|PJSIP/8001|ADDMEMBER|",
        "100|1.7|q|PJSIP/8001|CONNECT|9|1.8|4",
        "160|1.7|q|PJSIP/8001|COMPLETECALLER|9|60|1",
        "200|1.9|q|PJSIP/8001|RINGNOANSWER|15000",
        "200|NONE|NONE|PJSIP/8001|PAUSEALL|rest",
        "200|NONE|q|PJSIP/8001|PAUSE|rest",
        "200|NONE|r|PJSIP/8001|PAUSE|rest",
        "500|NONE|NONE|PJSIP/8001|UNPAUSEALL|",
        "500|NONE|q|PJSIP/8001|UNPAUSE|",
        "500|NONE|r|PJSIP/8001|UNPAUSE|",
        "900|MANAGER|q|PJSIP/8001|REMOVEMEMBER|",
        "950|MANAGER|r|PJSIP/8001|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 96),
        ("8001", SeatState.RINGING, "", 96, 100),
        ("8001", SeatState.TALKING, "", 100, 160),
        ("8001", SeatState.READY, "", 160, 185),
        ("8001", SeatState.RINGING, "", 185, 200),
        ("8001", SeatState.NOT_READY, "rest", 200, 500),
        ("8001", SeatState.READY, "", 500, 950),
    ]


def test_agents_who_log_in_by_telephone() -> None:
    assert stretches(
        "0|1.1|NONE|Agent/8001|AGENTLOGIN|SIP/8001-00a1",
        "0|1.2|NONE|Agent/8002|AGENTCALLBACKLOGIN|8002@seats",
        "50|1.7|q|Agent/8001|CONNECT|9|1.8",
        "70|1.7|q|Agent/8001|COMPLETEAGENT|9|20|1",
        "90|NONE|NONE|Agent/8002|AGENTCALLBACKLOGOFF|8002@seats|90|CommandLogoff",
        "100|1.1|NONE|Agent/8001|AGENTLOGOFF|SIP/8001-00a1|100",
    ) == [
        ("8001", SeatState.READY, "", 0, 50),
        ("8001", SeatState.TALKING, "", 50, 70),
        ("8002", SeatState.READY, "", 0, 90),
        ("8001", SeatState.READY, "", 70, 100),
    ]


def test_a_pause_for_wrap_up_is_wrap_up() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "10|NONE|q|8001|PAUSE|话后处理",
        "30|NONE|q|8001|UNPAUSE|",
        "40|MANAGER|q|8001|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 10),
        ("8001", SeatState.WRAP_UP, "", 10, 30),
        ("8001", SeatState.READY, "", 30, 40),
    ]


def test_paused_in_one_queue_of_two_is_ready() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "0|MANAGER|r|8001|ADDMEMBER|PAUSED",
        "10|NONE|q|8001|PAUSE|lunch",
        "20|NONE|r|8001|UNPAUSE|",
        "30|MANAGER|r|8001|REMOVEMEMBER|",
        "40|MANAGER|q|8001|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 10),
        ("8001", SeatState.NOT_READY, "lunch", 10, 20),
        ("8001", SeatState.READY, "", 20, 30),
        ("8001", SeatState.NOT_READY, "lunch", 30, 40),
    ]


def test_a_static_member_has_ringing_and_talking_alone() -> None:
    assert stretches(
        "100|1.7|q|SIP/8001|CONNECT|9|1.8|4",
        "160|1.7|q|SIP/8001|COMPLETECALLER|9|60|1",
        "400|1.9|q|SIP/8001|CONNECT|9|1.8|0",
        "460|1.9|q|SIP/8001|COMPLETECALLER|9|60|1",
    ) == [
        ("8001", SeatState.RINGING, "", 96, 100),
        ("8001", SeatState.TALKING, "", 100, 160),
        ("8001", SeatState.TALKING, "", 400, 460),
    ]


@pytest.mark.parametrize(
    "later",
    ["50000|NONE|q|8001|PAUSE|rest", "300|1.9|q|8001|CONNECT|9|1.8|0"],
    ids=["long ago", "the next call"],
)
def test_a_conversation_without_an_end_is_not_counted(later: str) -> None:
    found = stretches("0|MANAGER|q|8001|ADDMEMBER|", "100|1.7|q|8001|CONNECT|9|1.8|0", later)
    assert found == [("8001", SeatState.READY, "", 0, 100)]


def test_the_leaving_of_a_queue_while_talking() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "100|1.7|q|8001|CONNECT|9|1.8|0",
        "110|MANAGER|q|8001|REMOVEMEMBER|",
        "160|1.7|q|8001|COMPLETECALLER|9|60|1",
        "300|MANAGER|q|8001|ADDMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 100),
        ("8001", SeatState.TALKING, "", 100, 160),
    ]


def test_a_restart_ends_all_states_at_the_last_sign_of_life() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "50|MANAGER|q|8002|ADDMEMBER|",
        "90000|NONE|NONE|NONE|QUEUESTART|",
        "90100|MANAGER|q|8001|ADDMEMBER|",
    ) == [("8001", SeatState.READY, "", 0, 50)]


def test_no_state_reaches_across_a_hole_in_the_log() -> None:
    assert stretches(
        "0|MANAGER|q|8001|ADDMEMBER|",
        "50|NONE|q|8001|PAUSE|rest",
        "60|MANAGER|q|8002|ADDMEMBER|",
        "9000000|NONE|q|8001|UNPAUSE|",
        "9000100|MANAGER|q|8001|REMOVEMEMBER|",
        "9000100|MANAGER|q|8002|REMOVEMEMBER|",
    ) == [
        ("8001", SeatState.READY, "", 0, 50),
        ("8001", SeatState.NOT_READY, "rest", 50, 60),
        ("8001", SeatState.READY, "", 9000000, 9000100),
    ]


def test_a_clock_set_back_makes_no_overlap() -> None:
    found = stretches(
        "100|MANAGER|q|8001|ADDMEMBER|",
        "200|NONE|q|8001|PAUSE|a",
        "150|NONE|q|8001|UNPAUSE|",
        "180|NONE|q|8001|PAUSE|b",
        "300|NONE|q|8001|UNPAUSE|",
    )
    assert found == [
        ("8001", SeatState.READY, "", 100, 200),
        ("8001", SeatState.NOT_READY, "b", 200, 300),
    ]


# Any stream, cut anywhere

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

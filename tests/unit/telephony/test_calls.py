"""One story per way a call can go, told as Asterisk tells it."""

import pytest

from telephony.events import Outcome
from tests.unit.telephony.scenes import A, B, agent_hangs_up, answered, queued, ring
from tests.unit.telephony.story import Leg, Story
from tests.unit.telephony.tracking import SWITCH, track


def test_answered() -> None:
    story = Story()
    caller, leg = answered(story)
    story.wait(60)
    agent_hangs_up(story, caller, leg)
    story.wait(5)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "ringing 8001", "answered 8001", "ended"]
    call = told.last
    assert call.call_id == f"{SWITCH}-{caller.uniqueid}"
    assert (call.outcome, call.queue, call.line) == (Outcome.ANSWERED, "12345", "12345")
    assert call.caller == "13800000001"
    assert call.wait_s == pytest.approx(2, abs=0.01)
    assert call.talk_s == pytest.approx(60, abs=0.01)
    [part] = call.agents
    assert (part.agent, part.interface) == ("8001", A)
    assert part.talk_s == pytest.approx(60, abs=0.01)
    assert part.released_at is not None
    revisions = [event.call.revision for event in told.calls]
    assert revisions == sorted(set(revisions))


def test_an_agent_who_hangs_up_in_the_instant_of_answering_has_answered() -> None:
    """Before the caller is in the bridge; queue_log has CONNECT, COMPLETEAGENT and no seconds."""
    story = Story()
    caller = queued(story)
    leg = ring(story, caller, "8001", A, 2)
    story.connect(caller, leg, "8001", A, held=2)
    story.enter("b1", leg)
    story.wait(0.1)
    story.hangup_request(leg)
    story.part("b1", leg)
    story.hangup(leg)
    story.wait(3)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "ringing 8001", "answered 8001", "ended"]
    assert (told.last.outcome, told.last.talk_s) == (Outcome.ANSWERED, 0)
    assert told.last.wait_s == pytest.approx(2, abs=0.01)
    [part] = told.last.agents
    assert (part.agent, part.interface, part.talk_s) == ("8001", A, 0)
    assert part.released_at is not None


def test_abandoned_in_the_greeting_is_not_offered() -> None:
    story = Story()
    caller = story.arrive()
    story.wait(2)
    story.hangup_request(caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "abandoned", "ended"]
    assert told.calls[1].detail == "greeting"
    assert told.last.outcome is Outcome.ABANDONED_GREETING
    assert not told.last.offered
    assert told.last.wait_s is None


def test_told_by_the_machine_and_hung_up_is_neither_abandoned_nor_offered() -> None:
    story = Story()
    caller = story.arrive()
    story.wait(40)
    story.hangup_request(caller)
    story.self_served(caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "ended"]
    assert told.last.outcome is Outcome.SELF_SERVED
    assert (told.last.offered, told.last.wait_s) == (False, None)


def test_told_by_the_machine_and_then_in_the_queue_is_like_any_other() -> None:
    story = Story()
    caller = story.arrive()
    story.wait(40)
    story.self_served(caller)
    story.join(caller)
    story.wait(7)
    story.hangup_request(caller)
    story.queue_abandon(caller, 7)
    story.leave(caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "abandoned", "ended"]
    assert told.last.outcome is Outcome.ABANDONED_QUEUE
    assert told.last.wait_s == pytest.approx(7, abs=0.01)


def test_who_is_with_an_agent_cannot_be_made_self_served() -> None:
    story = Story()
    caller, leg = answered(story)
    story.self_served(caller)
    agent_hangs_up(story, caller, leg)
    story.self_served(caller)
    story.hangup(caller)
    assert track(story.messages).last.outcome is Outcome.ANSWERED


def test_abandoned_in_the_queue() -> None:
    story = Story()
    caller = queued(story)
    story.wait(7)
    story.hangup_request(caller)
    story.queue_abandon(caller, 7)
    story.leave(caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "abandoned", "ended"]
    assert told.last.outcome is Outcome.ABANDONED_QUEUE
    assert told.last.wait_s == pytest.approx(7, abs=0.01)


def test_abandoned_while_it_rings() -> None:
    story = Story()
    caller = queued(story)
    first, second = ring(story, caller, "8001", A, 0), ring(story, caller, "8002", B, 3)
    story.hangup_request(caller)
    for leg in (first, second):
        story.dial_end(caller, leg, "CANCEL")
    for leg in (first, second):
        story.hangup(leg)
    story.queue_abandon(caller, 3)
    story.leave(caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "ringing 8001", "ringing 8002", "abandoned", "ended"]
    assert told.calls[-2].detail == "ringing"
    assert told.last.outcome is Outcome.ABANDONED_RINGING


def test_abandoned_between_two_rings() -> None:
    story = Story()
    caller = queued(story)
    story.ring_no_answer(caller, ring(story, caller, "8001", A, 4), "8001", A)
    story.wait(0.5)
    story.hangup_request(caller)
    story.queue_abandon(caller, 4)
    story.leave(caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == [
        "arrived", "queued", "ringing 8001", "ring_missed 8001", "abandoned", "ended",
    ]  # fmt: skip
    assert told.last.outcome is Outcome.ABANDONED_QUEUE


@pytest.mark.parametrize("told_by_dialplan", [True, False])
def test_timed_out(told_by_dialplan: bool) -> None:
    """app_queue sends QueueCallerAbandon for a time-out too; nobody asked to hang up."""
    story = Story()
    caller = queued(story)
    story.wait(30)
    story.queue_abandon(caller, 30)
    story.leave(caller)
    if told_by_dialplan:
        story.status("HotlineQueueLeft", caller, "TIMEOUT")
    story.wait(4)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "timed_out", "ended"]
    assert told.last.outcome is Outcome.TIMED_OUT
    assert told.last.wait_s == pytest.approx(30, abs=0.01)


def test_timed_out_and_hung_up_during_the_apology() -> None:
    story = Story()
    caller = queued(story)
    story.wait(30)
    story.queue_abandon(caller, 30)
    story.leave(caller)
    story.wait(1)
    story.hangup_request(caller)
    story.hangup(caller)
    assert track(story.messages).last.outcome is Outcome.TIMED_OUT


def test_sent_away_when_everybody_has_gone() -> None:
    story = Story()
    caller = queued(story)
    story.wait(9)
    story.queue_abandon(caller, 9)
    story.leave(caller)
    story.status("HotlineQueueLeft", caller, "LEAVEEMPTY")
    story.hangup(caller)
    told = track(story.messages)
    assert told.last.outcome is Outcome.LEFT_NO_STAFF
    assert told.calls[-2].detail == "LEAVEEMPTY"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("FULL", Outcome.REFUSED_FULL),
        ("JOINEMPTY", Outcome.REFUSED_NO_STAFF),
        ("JOINUNAVAIL", Outcome.REFUSED_NO_STAFF),
    ],
)
@pytest.mark.parametrize("by", ["dialplan", "variable"])
def test_refused_at_the_queue_is_offered(status: str, outcome: Outcome, by: str) -> None:
    story = Story()
    caller = story.arrive()
    story.wait(3)
    if by == "dialplan":
        story.status("HotlineRefused", caller, status)
    else:
        story.say("VarSet", *caller.headers(), ("Variable", "QUEUESTATUS"), ("Value", status))
    story.wait(2)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "refused", "ended"]
    assert (told.last.outcome, told.last.offered, told.last.wait_s) == (outcome, True, 0.0)
    assert told.calls[1].detail == status


def test_left_by_key_and_hung_up() -> None:
    story = Story()
    caller = queued(story)
    story.wait(5)
    story.leave(caller)
    story.wait(10)
    story.hangup(caller)
    assert track(story.messages).last.outcome is Outcome.ABANDONED_QUEUE


def test_ring_all_answered_by_the_second() -> None:
    story = Story()
    caller = queued(story)
    first, second = ring(story, caller, "8001", A, 0), ring(story, caller, "8002", B, 2)
    story.dial_end(caller, second, "ANSWER")
    story.dial_end(caller, first, "CANCEL")
    story.hangup(first)
    story.connect(caller, second, "8002", B)
    story.enter("b1", second, caller)
    story.wait(10)
    story.hangup_request(caller)
    story.part("b1", caller, second)
    story.hangup(second)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == [
        "arrived", "queued", "ringing 8001", "ringing 8002", "answered 8002", "ended",
    ]  # fmt: skip
    assert told.last.agent == "8002"
    assert told.states("8001")[-1] == "logged_out"  # nobody said that 8001 is in a queue


def test_missed_then_answered_by_another() -> None:
    story = Story()
    caller = queued(story)
    story.ring_no_answer(caller, ring(story, caller, "8001", A, 4), "8001", A)
    story.wait(1)
    leg = ring(story, caller, "8002", B, 1)
    story.connect(caller, leg, "8002", B, held=6)
    story.enter("b1", leg, caller)
    story.hangup(caller)
    told = track(story.messages)
    assert "ring_missed 8001" in told.names
    assert told.last.wait_s == pytest.approx(6, abs=0.01)


def test_hostile_caller_id_is_reduced_to_digits() -> None:
    story = Story()
    caller = story.arrive("+86;drop \udcff table'<b>138")
    story.hangup(caller)
    assert track(story.messages).last.caller == "+86138"


def test_dialled_trunk_legs_and_our_own_attempts_are_no_callers() -> None:
    story = Story()
    leg = Leg("survey-1", "PJSIP/trunk-0000ffff", "survey-1", "13900000001", "from-trunk", "s")
    story.say("Newchannel", *leg.headers(state="0"))
    story.hangup(leg)
    assert not track(story.messages).events


def test_a_clock_that_is_set_back_makes_no_negative_times() -> None:
    story = Story()
    caller, leg = answered(story)
    story.wait(10)
    story.now -= 3600
    agent_hangs_up(story, caller, leg)
    story.wait(5)
    story.hangup(caller)
    told = track(story.messages)
    times = [event.at for event in told.calls]
    assert times == sorted(times)
    assert told.last.ended_at is not None
    assert told.last.answered_at is not None
    assert told.last.ended_at >= told.last.answered_at >= told.last.arrived_at
    assert told.last.talk_s >= 0


def test_nothing_comes_after_the_hang_up() -> None:
    story = Story()
    caller, _ = answered(story)
    story.hangup(caller)
    later = [raw.replace(b"Timestamp: 17", b"Timestamp: 18") for raw in story.messages]
    told = track([*story.messages, *later])
    assert told.names.count("arrived") == 1
    assert told.names.count("ended") == 1

"""One story per way a call can go, told as Asterisk tells it."""

import pytest

from telephony.events import Outcome
from tests.unit.telephony.story import Leg, Story
from tests.unit.telephony.tracking import SWITCH, track

A, B = "PJSIP/1001", "PJSIP/1002"


def queued(story: Story, greeting_s: float = 3.0) -> Leg:
    caller = story.arrive()
    story.wait(greeting_s)
    story.join(caller)
    return caller


def ring(story: Story, caller: Leg, agent: str, interface: str, seconds: float = 2.0) -> Leg:
    leg = story.new_leg(interface, caller.linkedid)
    story.call_agent(caller, leg, agent, interface)
    story.wait(seconds)
    return leg


def answered(story: Story, bridge: str = "b1", ring_s: float = 2.0) -> tuple[Leg, Leg]:
    caller = queued(story)
    leg = ring(story, caller, "8001", A, ring_s)
    story.connect(caller, leg, "8001", A, held=ring_s)
    story.enter(bridge, leg, caller)
    return caller, leg


def agent_hangs_up(story: Story, caller: Leg, leg: Leg, bridge: str = "b1") -> None:
    story.hangup_request(leg)
    story.part(bridge, leg, caller)
    story.hangup(leg)


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


def test_hold_is_no_talk() -> None:
    story = Story()
    caller, leg = answered(story)
    story.wait(10)
    story.hold(leg, on=True)
    story.wait(5)
    story.hold(leg, on=False)
    story.wait(7)
    agent_hangs_up(story, caller, leg)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names[4:6] == ["held 8001", "resumed 8001"]
    assert told.last.talk_s == pytest.approx(17, abs=0.01)
    assert told.last.hold_s == pytest.approx(5, abs=0.01)
    assert told.last.agents[0].hold_s == pytest.approx(5, abs=0.01)


def test_blind_transfer_to_another_seat_credits_each() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8002", B)
    caller, leg = answered(story)
    story.wait(20)
    story.say(
        "BlindTransfer", ("Result", "Success"), *leg.headers("Transferer"),
        *caller.headers("Transferee"), ("BridgeUniqueid", "b1"), ("Extension", "1002"),
    )  # fmt: skip
    story.part("b1", leg, caller)
    story.hangup(leg)
    other = story.new_leg(B, caller.linkedid)
    story.say("DialBegin", *caller.headers(), *other.headers("Dest"))
    story.wait(3)
    story.dial_end(caller, other, "ANSWER")
    story.enter("b2", other, caller)
    story.wait(40)
    story.hangup_request(caller)
    story.part("b2", caller, other)
    story.hangup(other)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == [
        "arrived", "queued", "ringing 8001", "answered 8001", "transferred 8001",
        "ringing 8002", "answered 8002", "ended",
    ]  # fmt: skip
    assert [part.agent for part in told.last.agents] == ["8001", "8002"]
    first, second = (part.talk_s for part in told.last.agents)
    assert first == pytest.approx(20, abs=0.01)
    assert second == pytest.approx(40, abs=0.01)
    assert told.last.talk_s == pytest.approx(60, abs=0.01)


@pytest.mark.parametrize("how", ["swap", "merge"])
def test_attended_transfer_credits_each_with_his_own_time(how: str) -> None:
    story = Story()
    story.member("QueueMemberAdded", "8002", B)
    caller, leg = answered(story)
    story.wait(20)
    story.hold(leg, on=True)
    consult = story.new_leg(A, "own")
    consult.linkedid = consult.uniqueid
    other = story.new_leg(B, consult.linkedid)
    story.say("DialBegin", *consult.headers(), *other.headers("Dest"))
    story.dial_end(consult, other, "ANSWER")
    story.enter("b2", other, consult)
    story.wait(10)
    if how == "swap":
        story.enter("b1", other, swap=leg)
        story.part("b1", leg)
    else:
        story.part("b2", other)
        story.enter("b1", other)
    story.say(
        "AttendedTransfer", ("Result", "Success"), *leg.headers("OrigTransferer"),
        *consult.headers("SecondTransferer"), *caller.headers("Transferee"),
        *other.headers("TransferTarget"), ("DestType", "Bridge"),
    )  # fmt: skip
    if how == "merge":
        story.part("b1", leg)
    story.part("b2", consult)
    story.hangup(leg)
    story.hangup(consult)
    story.wait(30)
    story.part("b1", other, caller)
    story.hangup(other)
    story.hangup(caller)
    told = track(story.messages)
    assert told.last.outcome is Outcome.ANSWERED
    assert {"transferred 8001", "answered 8002"} <= set(told.names)
    assert not [name for name in told.names if name.startswith("conferenced")]
    first, second = told.last.agents
    assert (first.agent, second.agent) == ("8001", "8002")
    assert first.talk_s == pytest.approx(20, abs=0.01)
    assert first.hold_s == pytest.approx(10, abs=0.01)
    assert second.talk_s == pytest.approx(30, abs=0.01)


@pytest.mark.parametrize("optimised", [True, False])
def test_local_channel_members_are_folded(optimised: bool) -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", "Local/1001@seat/n", StateInterface=A)
    caller = queued(story)
    one, two = story.new_local("Local/1001@seat", caller.linkedid)
    story.call_agent(caller, one, "8001", "Local/1001@seat/n")
    phone = story.new_leg(A, caller.linkedid)
    story.say("DialBegin", *two.headers(), *phone.headers("Dest"))
    story.wait(2)
    story.dial_end(two, phone, "ANSWER")
    story.enter("b2", phone, two)
    story.connect(caller, one, "8001", "Local/1001@seat/n", held=2)
    story.enter("b1", one, caller)
    story.wait(5)
    if optimised:
        story.part("b2", phone)
        story.enter("b1", phone, swap=one)
        story.part("b1", one)
        story.part("b2", two)
        story.hangup(one)
        story.hangup(two)
    story.wait(25)
    story.hangup_request(phone)
    story.part("b1" if optimised else "b2", phone)
    story.hangup(phone)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == ["arrived", "queued", "ringing 8001", "answered 8001", "ended"]
    [part] = told.last.agents
    assert (part.agent, part.interface) == ("8001", A)
    assert part.talk_s == pytest.approx(30, abs=0.01)


def test_queued_again_after_an_answer_stays_answered() -> None:
    story = Story()
    caller, leg = answered(story)
    story.wait(10)
    story.say("BlindTransfer", ("Result", "Success"), *leg.headers("Transferer"),
              *caller.headers("Transferee"))  # fmt: skip
    story.part("b1", leg, caller)
    story.hangup(leg)
    story.join(caller, "expert")
    story.wait(8)
    story.hangup_request(caller)
    story.queue_abandon(caller, 8, "expert")
    story.hangup(caller)
    told = track(story.messages)
    assert told.last.outcome is Outcome.ANSWERED
    assert told.last.queue == "12345"
    assert told.last.wait_s == pytest.approx(2, abs=0.01)


def test_overflow_into_a_second_queue() -> None:
    story = Story()
    caller = queued(story)
    story.wait(30)
    story.queue_abandon(caller, 30)
    story.leave(caller)
    story.join(caller, "expert")
    story.wait(10)
    leg = ring(story, caller, "8001", A)
    story.connect(caller, leg, "8001", A)
    story.enter("b1", leg, caller)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names[:4] == ["arrived", "queued", "timed_out", "queued"]
    assert told.last.outcome is Outcome.ANSWERED
    assert told.last.wait_s == pytest.approx(42, abs=0.01)


def test_a_third_party_that_stays_is_a_conference() -> None:
    story = Story()
    caller, leg = answered(story)
    story.wait(5)
    department = story.new_leg("PJSIP/department", caller.linkedid)
    story.enter("b1", department)
    story.wait(20)
    story.hold(leg, on=True)
    told = track(story.messages)
    assert told.names[-2:] == ["held 8001", "conferenced"]


@pytest.mark.parametrize("comes_back", [True, False])
def test_an_agent_who_consults_in_another_bridge_keeps_the_caller_on_hold(comes_back: bool) -> None:
    """Attended transfer by feature code: the agent leaves the caller's bridge to consult."""
    story = Story()
    story.member("QueueMemberAdded", "8002", B)
    caller, leg = answered(story)
    story.wait(20)
    story.hold(leg, on=True)
    other = story.new_leg(B, caller.linkedid)
    story.part("b1", leg)
    story.enter("b2", leg, other)
    story.wait(10)
    story.part("b2", leg, other)
    if comes_back:
        story.hangup(other)
        story.enter("b1", leg)
    else:
        story.enter("b1", other)
        story.hangup(leg)
    story.wait(30)
    story.hangup(caller)
    told = track(story.messages)
    first = told.last.agents[0]
    assert first.hold_s == pytest.approx(10, abs=0.01)
    assert first.talk_s == pytest.approx(50 if comes_back else 20, abs=0.01)
    assert [part.agent for part in told.last.agents] == ["8001", "8002"][: 2 - comes_back]
    assert told.last.talk_s == pytest.approx(50, abs=0.01)
    assert told.last.hold_s == pytest.approx(10, abs=0.01)


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

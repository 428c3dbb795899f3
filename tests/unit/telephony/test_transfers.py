"""Who talks with the caller: hold, transfers, consultations, several queues, third parties."""

import pytest

from telephony.events import Outcome
from tests.unit.telephony.scenes import A, B, agent_hangs_up, answered, queued, ring
from tests.unit.telephony.story import Story
from tests.unit.telephony.tracking import track


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
    assert told.names[-2:] == ["conferenced", "held 8001"]


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

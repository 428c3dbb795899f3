"""An agent asks a colleague while the caller waits; told in the order of the recordings."""

import pytest

from tests.unit.telephony.scenes import A, B, agent_hangs_up, answered
from tests.unit.telephony.story import Leg, Story
from tests.unit.telephony.tracking import Told, new_tracker, track

ABOUT = 0.01


def two_seats() -> Story:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8002", B)
    return story


def consult(story: Story, caller: Leg, leg: Leg) -> tuple[Leg, Leg, Leg]:
    """The feature code: the agent's channel goes to one half of a Local pair, the other dials."""
    story.hold(leg, on=True)
    story.wait(1)
    one, two = story.new_local("Local/1002@seats", caller.linkedid)
    story.enter("b2", one)
    story.part("b1", leg)
    other = story.new_leg(B, caller.linkedid)
    story.enter("b2", leg)
    story.say("DialBegin", *two.headers(), *other.headers("Dest"))
    return one, two, other


def colleague_answers(story: Story, two: Leg, other: Leg) -> None:
    story.wait(2)
    story.dial_end(two, other, "ANSWER")
    story.enter("b3", other, two)


def attended(story: Story, caller: Leg, leg: Leg, one: Leg, dest_type: str) -> None:
    story.say(
        "AttendedTransfer", ("Result", "Success"), *leg.headers("OrigTransferer"),
        *leg.headers("SecondTransferer"), *caller.headers("Transferee"),
        *one.headers("TransferTarget"), ("DestType", dest_type),
    )  # fmt: skip


def shown(told: Told, agent: str) -> list[str]:
    return told.states(agent)


def test_a_failed_consultation_brings_the_caller_back() -> None:
    story = two_seats()
    caller, leg = answered(story)
    story.wait(10)
    one, two, other = consult(story, caller, leg)
    story.wait(4)
    story.dial_end(two, other, "NOANSWER")
    story.part("b2", one)
    story.part("b2", leg)
    story.enter("b1", leg)
    story.hold(leg, on=False)
    for gone in (other, two, one):
        story.hangup(gone)
    story.wait(20)
    agent_hangs_up(story, caller, leg)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names == [
        "arrived", "queued", "ringing 8001", "answered 8001", "held 8001", "ringing 8002",
        "ring_missed 8002", "resumed 8001", "ended",
    ]  # fmt: skip
    [part] = told.last.agents
    assert part.talk_s == pytest.approx(30, abs=ABOUT)
    assert part.hold_s == pytest.approx(5, abs=ABOUT)
    assert shown(told, "8001") == ["ready", "ringing", "talking", "hold", "talking", "ready"]
    assert shown(told, "8002") == ["ready", "ringing", "ready"]


def test_a_consultation_nobody_announced_puts_the_caller_on_hold_all_the_same() -> None:
    """The AMI action Atxfer sends no Hold."""
    story = two_seats()
    caller, leg = answered(story)
    story.wait(10)
    story.part("b1", leg)
    story.enter("b2", leg)
    story.wait(7)
    story.part("b2", leg)
    story.enter("b1", leg)
    story.wait(10)
    agent_hangs_up(story, caller, leg)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names[4:] == ["held 8001", "resumed 8001", "ended"]
    assert told.last.hold_s == pytest.approx(7, abs=ABOUT)
    assert shown(told, "8001") == ["ready", "ringing", "talking", "hold", "talking", "ready"]


def three_parties(story: Story) -> tuple[Leg, Leg, Leg]:
    """Caller, agent and colleague in one bridge, the Local pair optimised away a second later."""
    caller, leg = answered(story)
    story.wait(10)
    one, two, other = consult(story, caller, leg)
    colleague_answers(story, two, other)
    story.wait(5)
    story.part("b2", one)
    story.enter("b1", one)
    story.part("b2", leg)
    story.enter("b1", leg)
    attended(story, caller, leg, one, "Threeway")
    story.wait(1)
    story.part("b3", other)
    story.part("b1", one)
    story.enter("b1", other, swap=one)
    story.part("b3", two)
    story.hangup(two)
    story.hangup(one)
    return caller, leg, other


def test_a_call_of_three_is_no_transfer() -> None:
    story = two_seats()
    caller, leg, other = three_parties(story)
    story.wait(3)
    story.part("b1", leg)
    story.hangup(leg)
    story.wait(6)
    story.part("b1", other, caller)
    story.hangup(other)
    story.hangup(caller)
    told = track(story.messages)
    assert told.names[4:] == [
        "held 8001", "ringing 8002", "answered 8002", "conferenced 8001", "ended",
    ]  # fmt: skip
    first, second = told.last.agents
    assert (first.talk_s, first.hold_s) == pytest.approx((14, 8), abs=ABOUT)
    assert (second.talk_s, second.hold_s) == pytest.approx((10, 0), abs=ABOUT)


def test_who_changes_the_bridge_keeps_his_seat_busy() -> None:
    """Coming back to the caller and being optimised: neither shows the seat free for an instant."""
    story = two_seats()
    caller, leg, other = three_parties(story)
    story.wait(3)
    agent_hangs_up(story, caller, leg)
    story.part("b1", other)
    story.hangup(other)
    story.hangup(caller)
    told = track(story.messages)
    assert shown(told, "8001") == ["ready", "ringing", "talking", "hold", "talking", "ready"]
    assert shown(told, "8002") == ["ready", "ringing", "talking", "ready"]


def test_who_does_not_come_back_frees_his_seat_in_a_second() -> None:
    story = two_seats()
    caller, leg = answered(story)
    other = story.new_leg(B, caller.linkedid)
    story.wait(5)
    story.enter("b1", other)
    story.part("b1", leg)  # his telephone stays up
    tracker = new_tracker()
    told = track(story.messages, tracker)
    assert shown(told, "8001")[-1] == "talking"
    assert tracker.due_at is not None
    assert tracker.due_at <= story.now + 1
    assert [event.state for event in tracker.tick(story.now + 1)] == ["ready"]  # type: ignore[union-attr] # seats

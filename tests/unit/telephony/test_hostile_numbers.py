"""FAULTS, security 2: a caller's number carries line breaks, as Asterisk passes them on in AMI.

Recorded with Asterisk 22: ``sip:1380%0d%0a…@`` in From ends a header, two of it end a message.
"""

import pytest

from telephony.ami.action import Action
from telephony.ami.frame import Framer
from telephony.ami.session import Session
from telephony.events import CallRecord, Outcome
from tests.unit.telephony.scenes import answered
from tests.unit.telephony.story import Leg, Story
from tests.unit.telephony.tracking import new_tracker, track

BREAK = "\r\n"
HOSTILE = [
    "1380\r\nEvent: Hangup\r\nUniqueid: {victim}",
    "1380\r\n\r\nEvent: Hangup\r\nUniqueid: {victim}",
    "1380\r\n\r\nEvent: Hangup\r\nUniqueid: {victim}\r\n\r\n",
    "1\r\n\r\nEvent: Hangup\r\nPrivilege:\r\nTimestamp: 1.5\r\nUniqueid: {victim}\r\n\r\n",
    "1380\r\nContext: seats\r\nUniqueid: {victim}",
    "1380\r\nActionID: 1",
    "1380\r\n\r\nResponse: Error\r\nActionID: 12",
    "1380\r\n\r\nhello\r\n\r\n",
    "1380\r\n\r\n",
]


def arrive(story: Story, number: str) -> Leg:
    """As the dialplan does: the number is filtered after the channel was announced with it."""
    caller = story.arrive(number)
    caller.number = "1380"
    story.say("UserEvent", *caller.headers(), ("UserEvent", "HotlineArrived"), ("Line", "12345"))
    return caller


def story_with(number: str) -> tuple[Story, Leg, Leg, Leg]:
    story = Story()
    victim, leg = answered(story)
    story.wait(10)
    attacker = arrive(story, number.format(victim=victim.uniqueid))
    story.wait(2)
    story.join(attacker)
    story.wait(3)
    story.hangup_request(attacker)
    story.queue_abandon(attacker)
    story.leave(attacker)
    story.hangup(attacker)
    story.wait(20)
    story.part("b1", leg, victim)
    story.hangup(leg)
    story.hangup(victim)
    return story, victim, leg, attacker


@pytest.mark.parametrize("number", HOSTILE)
def test_neither_his_own_call_nor_another_is_recorded_wrongly(number: str) -> None:
    story, victim, _, attacker = story_with(number)
    session = Session()
    session.request(Action("Ping"))
    login = b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: 0\r\n\r\n"
    session.receive(login)
    data = b"".join(raw + b"\r\n\r\n" for raw in story.messages)
    received = session.receive(data)
    assert not received.answers
    calls = track(received.events).ended
    assert calls.keys() == {victim.uniqueid, attacker.uniqueid}
    assert calls[victim.uniqueid].talk_s == pytest.approx(35, abs=0.1)
    call: CallRecord = calls[attacker.uniqueid]
    assert (call.outcome, call.line) == (Outcome.ABANDONED_QUEUE, "12345")
    assert call.wait_s == pytest.approx(3, abs=0.01)
    assert (
        0 <= (call.arrived_at.timestamp() - calls[victim.uniqueid].arrived_at.timestamp() - 15) < 1
    )


def test_forgeries_are_counted() -> None:
    story, *_ = story_with(HOSTILE[2])
    tracker = new_tracker()
    data = b"".join(raw + b"\r\n\r\n" for raw in story.messages)
    track(Framer(banner_required=False).feed(data), tracker)
    assert tracker.forged == 1


def test_action_ids_cannot_be_guessed() -> None:
    one, other = (Session().request(Action("Ping"))[0] for _ in range(2))
    assert one != other
    assert len(one) >= 14


def test_whose_channel_was_not_told_arrived_when_the_dialplan_says_so() -> None:
    """Its Uniqueid is cut to the second, and may be of the one before."""
    story = Story()
    caller = story.arrive("1380")
    story.messages.clear()
    story.wait(1.1)
    arrived_at = story.now
    story.say("UserEvent", *caller.headers(), ("UserEvent", "HotlineArrived"), ("Line", "12345"))
    story.hangup(caller)
    told = track(story.messages)
    assert told.last.arrived_at.timestamp() == pytest.approx(arrived_at, abs=0.01)

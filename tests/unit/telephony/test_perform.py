"""A command is done when an event says so, and not before."""

import asyncio

import pytest

from telephony.ami.action import Action
from telephony.ami.message import Message
from telephony.ami.session import Answer
from telephony.call_control import Plan
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    ControlRefusedError,
    LinkLostError,
    Refusal,
)
from telephony.perform import perform
from telephony.watch import Sign, Watch, Watches, sign

DONE = sign("Hangup", Uniqueid="1.2")
FAILED = sign("Unhold", Uniqueid="1.2")
PLAN = Plan((Action("Hangup", {"Channel": "PJSIP/1001-1"}),), (DONE,), {FAILED: Refusal.BUSY}, 0.2)


class Played:
    """A switchboard that answers ``answer`` and says ``events`` at once."""

    def __init__(self, *events: bytes, answer: bytes = b"Response: Success") -> None:
        self.watches = Watches()
        self.sent: list[str] = []
        self._events = events
        self._answer = answer

    def watch(self, *signs: Sign) -> Watch:
        return Watch(self.watches, signs)

    async def request(self, action: Action, timeout_s: float = 5.0) -> Answer:
        del timeout_s
        self.sent.append(action.name)
        self.watches.see(self._events)
        return Answer(Message(self._answer))


async def test_done_by_its_event_even_before_the_answer() -> None:
    other = b"Event: Hangup\r\nUniqueid: 1.1"
    played = Played(b"Event: Newstate\r\nUniqueid: 1.2", other, b"Event: Hangup\r\nUniqueid: 1.2")
    await perform(played, PLAN)
    assert played.sent == ["Hangup"]


async def test_not_done_while_only_others_hang_up() -> None:
    with pytest.raises(ActionTimeoutError, match="confirmation"):
        await perform(Played(b"Event: Hangup\r\nUniqueid: 1.1"), PLAN)


async def test_failed_by_its_event() -> None:
    with pytest.raises(ControlRefusedError) as refused:
        await perform(Played(b"Event: Unhold\r\nUniqueid: 1.2"), PLAN)
    assert refused.value.refusal is Refusal.BUSY


async def test_refused_by_the_answer() -> None:
    answer = b"Response: Error\r\nMessage: No such channel"
    with pytest.raises(ActionRefusedError, match="No such channel"):
        await perform(Played(answer=answer), PLAN)


async def test_a_lost_link_is_noticed_at_once() -> None:
    played = Played()
    slow = Plan(PLAN.actions, PLAN.done, timeout_s=30)
    doing = asyncio.create_task(perform(played, slow))
    while not played.sent:
        await asyncio.sleep(0)
    played.watches.fail(LinkLostError("the link is closed"))
    with pytest.raises(LinkLostError):
        await doing


async def test_nobody_watches_afterwards() -> None:
    played = Played(b"Event: Hangup\r\nUniqueid: 1.2")
    await perform(played, PLAN)
    assert not played.watches

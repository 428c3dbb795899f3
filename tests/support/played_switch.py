"""A switchboard played over AMI for several gateways at once: all of them hear everything."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.unit.telephony.scripted_switch import (
    ScriptedSwitch,
    items,
    ok,
    scripted_switch,
    usual_answers,
)
from tests.unit.telephony.story import Leg, Story

BRIDGE = "b1"


@dataclass
class PlayedSwitch:
    """Seats log in by ``QueueAdd``; calls are told by `ring`, `answer` and `hang_up`."""

    switch: ScriptedSwitch
    members: dict[str, str] = field(default_factory=dict)  # agent by interface, in every queue

    @property
    def url(self) -> str:
        """For ``ami_url``."""
        return f"ami://hotline:not-so-secret@127.0.0.1:{self.switch.port}"

    def told(self, name: str) -> list[dict[str, str]]:
        """The actions of this name so far."""
        return [action for action in self.switch.told if action["Action"] == name]

    def ring(self, number: str, serial: int) -> tuple[Leg, Leg]:
        """A caller waits in the queue and rings at the only seat; his and the seat's channel.

        ``serial`` makes the Uniqueid, so that two switchboards can have the same.
        """
        interface, agent = next(iter(self.members.items()))
        story = Story(now=time.time())
        epoch = 1_795_000_000 + serial
        caller = Leg(f"{epoch}.1", "PJSIP/trunk-1", f"{epoch}.1", number, "from-trunk", "12345")
        leg = Leg(f"{epoch}.2", f"{interface}-2", caller.linkedid)
        story.say("Newchannel", *caller.headers(state="4"))
        story.join(caller)
        story.say("Newchannel", *leg.headers(state="0"))
        story.call_agent(caller, leg, agent, interface)
        self._tell(story)
        return caller, leg

    def answer(self, caller: Leg, leg: Leg) -> None:
        """The seat takes the call."""
        interface, agent = next(iter(self.members.items()))
        story = Story(now=time.time())
        story.connect(caller, leg, agent, interface)
        story.enter(BRIDGE, leg, caller)
        self._tell(story)

    def hang_up(self, caller: Leg, leg: Leg) -> None:
        """The caller is gone, and the seat with him."""
        story = Story(now=time.time())
        story.hangup_request(caller)
        story.part(BRIDGE, leg, caller)
        story.hangup(leg)
        story.hangup(caller)
        self._tell(story)

    def _tell(self, story: Story) -> None:
        said = b"".join(message + b"\r\n\r\n" for message in story.messages)
        for writer in self.switch.connections:
            if not writer.is_closing():
                writer.write(said)

    def _add(self, action: dict[str, str]) -> str | None:
        interface, agent = action["Interface"], action["MemberName"]
        self.members[interface] = agent
        story = Story(now=time.time())
        story.member("QueueMemberAdded", agent, interface, Queue=action["Queue"])
        self._tell(story)
        return ok()(action)

    def _queues(self, action: dict[str, str]) -> str | None:
        said = [
            f"Event: QueueMember\r\nQueue: 12345\r\nName: {agent}\r\nLocation: {interface}\r\n"
            f"StateInterface: {interface}\r\nStatus: 1\r\nPaused: 0\r\nPausedReason: \r\n"
            "Wrapuptime: 0"
            for interface, agent in self.members.items()
        ]
        return items(*said)(action)


@asynccontextmanager
async def played_switch() -> AsyncIterator[PlayedSwitch]:
    """A listening `PlayedSwitch`."""
    switch = ScriptedSwitch()
    played = PlayedSwitch(switch)
    switch.answers = usual_answers() | {
        "QueueAdd": played._add,
        "QueuePause": ok(),
        "QueueRemove": ok(),
        "Setvar": ok(),
        "QueueStatus": played._queues,
        "Originate": ok("Message: Originate successfully queued\r\n"),
    }
    async with scripted_switch(switch):
        yield played

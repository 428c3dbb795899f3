"""The recorded call of ``answers.ami`` taken apart, so that a scripted peer can play it often.

A call comes in bursts: what Asterisk says at its arrival, when a seat is called, at the answer and
at the end. After each burst the recording has the lists of channels and queues as they then stood.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

from telephony.ami.message import Message
from tests.load.template import BLANK_LINE, Template

SOURCE = Path(__file__).parent / "answers.ami"
BURST_GAP_S = 0.1
_CALL_BEGINS = b"Event: Newchannel\r\n"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the call; ``calls_seat`` is the one at which an agent's page is to pop up."""

    template: Template
    calls_seat: bool


@dataclass(slots=True)
class Burst:
    """Messages said within a few milliseconds, and how the lists then looked."""

    after_s: float  # from the beginning of the call
    messages: list[Said] = field(default_factory=list)
    channels: list[Template] = field(default_factory=list)
    entries: list[Template] = field(default_factory=list)
    member: Template | None = None


@dataclass(slots=True)
class OneCall:
    """Everything recorded; ``answers`` by the name of the action, as they came first."""

    greeting: bytes
    answers: dict[str, bytes]
    idle_member: Template
    member_status: bytes
    bursts: list[Burst]
    begins_at: float  # by the recorded clock

    @property
    def messages(self) -> int:
        """How many messages one call has."""
        return sum(len(burst.messages) for burst in self.bursts)

    def member_paused(self, *, paused: bool) -> Template:
        """An idle member was (un)paused; ``QueueMemberPause`` has the headers of ``…Status``."""
        said = self.member_status.replace(b"Event: QueueMemberStatus", b"Event: QueueMemberPause")
        for name, value in ((b"Status", b"1"), (b"Paused", b"1" if paused else b"0")):
            said = re.sub(rb"\r\n%b: \d+" % name, rb"\r\n%b: %b" % (name, value), said)
        return Template(said + BLANK_LINE)


def read_one_call(source: Path = SOURCE) -> OneCall:
    """Take the recording apart."""
    greeting, _, rest = source.read_bytes().partition(b"\r\n")
    messages = [Message(raw) for raw in rest.split(BLANK_LINE)[:-1]]
    begin = next(i for i, one in enumerate(messages) if one.raw.startswith(_CALL_BEGINS))
    begins_at = messages[begin].number("Timestamp")
    bursts = _bursts(messages[begin:], begins_at)
    idle = next(one for one in messages if one.name == "QueueMember" and one.get("Status") == "1")
    status = next(one.raw for one in messages if one.name == "QueueMemberStatus")
    return OneCall(greeting + b"\r\n", _answers(messages), _item(idle), status, bursts, begins_at)


def _answers(messages: list[Message]) -> dict[str, bytes]:
    login, commands, ping = [one.raw for one in messages if one.get("Response") == "Success"][:3]
    return {"Login": login, "ListCommands": commands, "Ping": ping}


def _bursts(messages: list[Message], begins_at: float) -> list[Burst]:
    bursts: list[Burst] = []
    latest = float("-inf")
    for message in messages:
        at = message.number("Timestamp")
        if at:
            if at - latest > BURST_GAP_S:
                bursts.append(Burst(at - begins_at))
            latest = at
            template = Template(message.raw + BLANK_LINE)
            bursts[-1].messages.append(Said(template, message.name == "AgentCalled"))
        elif bursts:
            _note_item(bursts[-1], message)
    return bursts


def _note_item(burst: Burst, message: Message) -> None:
    match message.name:
        case "CoreShowChannel":
            burst.channels.append(_item(message))
        case "QueueEntry":
            burst.entries.append(_item(message))
        case "QueueMember":
            burst.member = _item(message)


def _item(message: Message) -> Template:
    """An item of a list, to be completed by the ActionID of whoever asked."""
    action_id = message.get("ActionID").encode()
    return Template(message.raw.replace(b"\r\nActionID: " + action_id, b"") + b"\r\nActionID: ")

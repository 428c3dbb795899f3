"""One AMI conversation without any input or output: bytes in, events and answers out.

Asterisk writes a caller's number and the dialled extension into its messages as they came, and an
escaped CR LF in a SIP user part (RFC 3261) comes unescaped: a caller can end a message and begin
another. So ActionIDs cannot be guessed, and what is no message is passed over.
"""

import secrets
from dataclasses import dataclass, field
from itertools import count

from telephony.ami.action import Action, encode
from telephony.ami.frame import DEFAULT_LIMIT, Framer
from telephony.ami.message import EVENT, RESPONSE, Message, check_is_ami
from telephony.errors import PeerError

_DIAL_END = b"Event: DialEnd\r\n"
MAX_LIST = 200_000


@dataclass(frozen=True, slots=True)
class Answer:
    """What the switchboard said to one action: its response and the events that belong to it."""

    response: Message
    items: tuple[Message, ...] = ()

    @property
    def succeeded(self) -> bool:
        """Whether the response is anything but an error (``Success``, ``Goodbye``)."""
        return self.response.get("Response") != "Error"

    @property
    def text(self) -> str:
        """The sentence of the response."""
        return self.response.get("Message")


@dataclass(slots=True)
class Received:
    """Everything one piece of bytes brought, each in order of arrival."""

    events: list[bytes] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)


@dataclass(slots=True)
class _Pending:
    action: Action
    response: Message | None = None
    items: list[Message] = field(default_factory=list)


class Session:
    """Matches answers to actions by ActionID and sets everything else aside as events.

    A list answer is a response with ``EventList: start``, then items with the same ActionID, then
    an event with ``EventList: Complete``; it is answered as one. Items of answers nobody waits for
    any more (timed out) are dropped, so that they are never taken for live events.
    """

    def __init__(self, *, limit: int = DEFAULT_LIMIT) -> None:
        self._framer = Framer(limit=limit)
        self._numbers = count(1)
        self._token = secrets.token_hex(6)
        self._own_item = f"\r\nActionID: {self._token}-".encode()
        self._answered = False  # the peer has proved to speak AMI
        self.strange = 0  # messages that Asterisk cannot have meant
        self._pending: dict[str, _Pending] = {}
        self._dialling: dict[str, _Pending] = {}  # by Uniqueid of the channel

    @property
    def version(self) -> str | None:
        """Version of the greeting, ``None`` before it came."""
        return self._framer.version

    def request(self, action: Action) -> tuple[str, bytes]:
        """Note ``action`` as pending; return its ActionID and the bytes to send."""
        action_id = f"{self._token}-{next(self._numbers)}"
        data = encode(action, action_id)
        pending = self._pending[action_id] = _Pending(action)
        if action.dials:
            self._dialling[action.dials] = pending
        return action_id, data

    def forget(self, action_id: str) -> None:
        """Wait no longer for an answer."""
        if pending := self._pending.pop(action_id, None):
            self._dialling.pop(pending.action.dials, None)

    def receive(self, data: bytes) -> Received:
        """Take bytes of the switchboard.

        Raises `PeerError` when they are no AMI; after its first answer the peer is believed to
        speak it, and what is no message is counted as ``strange``.
        """
        received = Received()
        for raw in self._framer.feed(data):
            if raw[:7] != EVENT:
                self._take_other(raw, received)
            elif self._own_item in raw:
                self._take_item(Message(raw), received)
            else:
                received.events.append(raw)
                if self._dialling and raw.startswith(_DIAL_END):
                    self._take_dial_end(Message(raw))
        return received

    def _take_other(self, raw: bytes, received: Received) -> None:
        if raw.startswith(RESPONSE):
            self._answered = True
            self._take_response(Message(raw), received)
        elif self._answered:
            self.strange += 1
        else:
            check_is_ami(raw)

    def _take_response(self, message: Message, received: Received) -> None:
        action_id = message.get("ActionID")
        pending = self._pending.get(action_id)
        if pending is None:
            return
        more = message.get("EventList").lower() == "start" or pending.action.completed_by
        if more and message.get("Response") != "Error":
            pending.response = message
            return
        self.forget(action_id)
        received.answers.append((action_id, Answer(message)))

    def _take_item(self, message: Message, received: Received) -> None:
        action_id = message.get("ActionID")
        pending = self._pending.get(action_id)
        if pending is None or pending.response is None:
            return
        if message.name == pending.action.completed_by:
            pending.items.append(message)
        elif message.get("EventList").lower() != "complete":
            if len(pending.items) >= MAX_LIST:
                raise PeerError(f"the list answer to {pending.action.name} has no end")
            pending.items.append(message)
            return
        self.forget(action_id)
        received.answers.append((action_id, Answer(pending.response, tuple(pending.items))))

    def _take_dial_end(self, message: Message) -> None:
        if pending := self._dialling.get(message.get("DestUniqueid")):
            pending.items.append(message)

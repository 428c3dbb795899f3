"""A raw AMI capture to the calls in it, at full speed and without any server."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from telephony.ami.frame import Framer
from telephony.ami.message import check_is_ami
from telephony.errors import PeerError
from telephony.events import AgentPart, CallEvent, CallEventName, CallRecord, Event, Outcome
from telephony.tracker import Capture, Tracker

_CHUNK = 1 << 16
_HANGUP_REQUEST = b"Event: HangupRequest\r\n"


@dataclass(slots=True)
class Totals:
    """Sums over the calls of one capture."""

    messages: int = 0
    calls: int = 0
    offered: int = 0
    answered: int = 0
    unfinished: int = 0
    outcomes: dict[str, int] = field(default_factory=lambda: {one.value: 0 for one in Outcome})

    def count(self, call: CallRecord) -> None:
        """Add one call."""
        self.calls += 1
        self.offered += call.offered
        self.answered += call.answered
        if call.outcome is None:
            self.unfinished += 1
        else:
            self.outcomes[call.outcome.value] += 1

    def to_json(self) -> dict[str, object]:
        """The last object that ``hotline replay --json`` prints."""
        return {
            "totals": True,
            "messages": self.messages,
            "calls": self.calls,
            "offered": self.offered,
            "answered": self.answered,
            "unfinished": self.unfinished,
            "outcomes": {name: number for name, number in self.outcomes.items() if number},
        }


def _says(path: Path, words: bytes) -> bool:
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if words in tail + chunk:
                return True
            tail = chunk[-len(words) :]
    return False


def _track(path: Path, tracker: Tracker, totals: Totals) -> Iterator[Event]:
    framer = Framer(banner_required=False)
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            messages = framer.feed(chunk)
            if totals.messages == 0 and messages:
                check_is_ami(messages[0])
            totals.messages += len(messages)
            yield from tracker.feed_all(messages, 0.0)
    if totals.messages == 0:
        raise PeerError(f"no AMI: {path.name} has no message in it")


def _tracker(
    path: Path,
    inbound_contexts: Collection[str] | None,
    announced: frozenset[CallEventName] | None,
) -> Tracker:
    capture = Capture(hangup_requests=_says(path, _HANGUP_REQUEST), announced=announced)
    return Tracker("replay", inbound_contexts=inbound_contexts, capture=capture)


def events(path: Path, inbound_contexts: Collection[str] | None = None) -> Iterator[Event]:
    """Every domain event of the capture in order. Raises `PeerError` when it is no AMI capture."""
    yield from _track(path, _tracker(path, inbound_contexts, None), Totals())


def replay(
    path: Path, inbound_contexts: Collection[str] | None = None, totals: Totals | None = None
) -> Iterator[CallRecord]:
    """The calls of the capture, each when it ends; those that do not end come last.

    ``totals`` is filled on the way. Raises `PeerError` when the file is no AMI capture.
    """
    counted = Totals() if totals is None else totals
    tracker = _tracker(path, inbound_contexts, frozenset({CallEventName.ENDED}))
    last = 0.0
    for event in _track(path, tracker, counted):
        if isinstance(event, CallEvent):
            last = event.at.timestamp()
            counted.count(event.call)
            yield event.call
    for call in tracker.open_calls(last):
        counted.count(call)
        yield call


def to_json(call: CallRecord) -> dict[str, object]:
    """One call as ``hotline replay --json`` prints it; seconds to the millisecond."""
    return {
        "uniqueid": call.uniqueid,
        "line": call.line,
        "queue": call.queue,
        "caller": call.caller,
        "offered": call.offered,
        "answered": call.answered,
        "outcome": call.outcome.value if call.outcome else None,
        "wait_s": None if call.wait_s is None else round(call.wait_s, 3),
        "talk_s": round(call.talk_s, 3),
        "hold_s": round(call.hold_s, 3),
        "agent": call.agent,
        "agents": [_agent_json(part) for part in call.agents],
    }


def _agent_json(part: AgentPart) -> dict[str, object]:
    return {
        "agent": part.agent,
        "interface": part.interface,
        "talk_s": round(part.talk_s, 3),
        "hold_s": round(part.hold_s, 3),
    }

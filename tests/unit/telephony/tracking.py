"""Feeding stories to a tracker."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telephony.events import CallEvent, CallRecord, Event, SeatChanged
from telephony.tracker import Tracker
from tests.unit.telephony.story import TRUNK_CONTEXT

SWITCH = "sw1"


def new_tracker(wrap_up_s: float = 0.0) -> Tracker:
    """A tracker as the gateway makes one."""
    return Tracker(SWITCH, inbound_contexts={TRUNK_CONTEXT}, wrap_up_s={"12345": wrap_up_s})


@dataclass
class Told:
    """What a tracker said."""

    events: list[Event] = field(default_factory=list)

    @property
    def calls(self) -> list[CallEvent]:
        return [event for event in self.events if isinstance(event, CallEvent)]

    @property
    def seats(self) -> list[SeatChanged]:
        return [event for event in self.events if isinstance(event, SeatChanged)]

    @property
    def names(self) -> list[str]:
        """Call events as ``name agent``."""
        return [
            f"{event.name.removeprefix('call.')} {event.agent or ''}".strip()
            for event in self.calls
        ]

    def states(self, agent: str) -> list[str]:
        return [str(event.state) for event in self.seats if event.agent == agent]

    @property
    def ended(self) -> dict[str, CallRecord]:
        return {e.call.uniqueid: e.call for e in self.calls if e.name == "call.ended"}

    @property
    def last(self) -> CallRecord:
        return self.calls[-1].call


def track(
    messages: Iterable[bytes], tracker: Tracker | None = None, received_at: float = 1.0
) -> Told:
    """Feed ``messages``; times come from their Timestamp."""
    tracker = tracker or new_tracker()
    return Told([event for raw in messages for event in tracker.feed(raw, received_at)])

"""A tracked call as the values that others know: records and events."""

from datetime import UTC, datetime

from telephony.calls.state import Call, Meter, Part
from telephony.events import AgentPart, CallEvent, CallEventName, CallRecord

# Of these a call has one each. Whoever heard of it from a list of the switchboard only has another
# time for it than who heard it live, and still means the same.
_ONCE = frozenset({CallEventName.ARRIVED, CallEventName.ENDED})


def when(seconds: float) -> datetime:
    """Aware time of a switchboard clock's seconds."""
    return datetime.fromtimestamp(seconds, UTC)


def _maybe_when(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _read(meter: Meter, at: float) -> tuple[float, float]:
    running = max(0.0, at - meter.since)
    talk_s = meter.talk_s + (running if meter.mode == "talk" else 0.0)
    hold_s = meter.hold_s + (running if meter.mode == "hold" else 0.0)
    return talk_s, hold_s


def _part(part: Part, at: float) -> AgentPart:
    talk_s, hold_s = _read(part.meter, at)
    return AgentPart(
        agent=part.agent,
        interface=part.interface,
        answered_at=when(part.answered_at),
        released_at=_maybe_when(part.released_at),
        talk_s=talk_s,
        hold_s=hold_s,
    )


def waited(call: Call, at: float) -> float | None:
    """Seconds from the first queue entry to the first agent, to the end of waiting, or till now."""
    if call.offered_at is None:
        return None
    until = next((t for t in (call.answered_at, call.left_at, call.ended_at) if t is not None), at)
    return max(0.0, until - call.offered_at)


def freeze(switchboard: str, call: Call, at: float) -> CallRecord:
    """The call as it stands at ``at``."""
    talk_s, hold_s = _read(call.meter, at)
    return CallRecord(
        switchboard=switchboard,
        uniqueid=call.uniqueid,
        line=call.line,
        caller=call.caller,
        queue=call.queue,
        arrived_at=when(call.arrived_at),
        offered_at=_maybe_when(call.offered_at),
        answered_at=_maybe_when(call.answered_at),
        ended_at=_maybe_when(call.ended_at),
        outcome=call.ending if call.ended_at is not None else None,
        wait_s=waited(call, at),
        talk_s=talk_s,
        hold_s=hold_s,
        agents=tuple([_part(part, at) for part in call.parts.values()]),
        revision=call.revision,
        line_mode=call.place.mode,
        district=call.place.district,
    )


def announce(
    name: CallEventName, call: CallRecord, at: float, agent: str, detail: str
) -> CallEvent:
    """The event ``name``.

    Its id is made of what the switchboard said, so that whoever tracks the same bytes gives it the
    same id; that of an arrival and of an end is the same whatever bytes told of it.
    """
    which = "" if name in _ONCE else f":{round(at * 1000)}:{agent}"
    return CallEvent(
        event_id=f"{call.call_id}:{name}{which}",
        name=name,
        at=when(at),
        call=call,
        agent=agent or None,
        detail=detail,
    )

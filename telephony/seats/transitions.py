"""What one call does to a seat, step by step; and which state everything about it shows."""

from enum import StrEnum

from telephony.events import SeatState


class Work(StrEnum):
    """What one call does to a seat at the moment; a telephone may have several."""

    NONE = "none"
    RINGING = "ringing"
    TALKING = "talking"
    HOLD = "hold"
    WRAP_UP = "wrap_up"


class SeatTrigger(StrEnum):
    """What can happen at a seat."""

    RANG = "a call rings"
    RING_ENDED = "the ringing is over"
    CONNECTED = "a caller is connected"
    HELD = "the caller was put on hold"
    RESUMED = "the caller was taken off hold"
    RELEASED = "the caller is gone, or with somebody else"
    IDLED = "the telephone is idle"


W, T = Work, SeatTrigger

# NONE and WRAP_UP end the call's part; a wrap-up is the seat's own, it goes on whatever rings
# meanwhile, and ends in time, by hand, or with the next conversation (seats/tracker.py).
TABLE: dict[Work, dict[SeatTrigger, Work]] = {
    W.NONE: {T.RANG: W.RINGING, T.CONNECTED: W.TALKING},
    W.RINGING: {T.CONNECTED: W.TALKING, T.RING_ENDED: W.NONE},
    W.TALKING: {T.HELD: W.HOLD, T.RELEASED: W.WRAP_UP, T.IDLED: W.WRAP_UP},
    W.HOLD: {T.RESUMED: W.TALKING, T.RELEASED: W.WRAP_UP, T.IDLED: W.WRAP_UP},
}


class Device(StrEnum):
    """Device state of the seat's telephone as app_queue numbers it (enum ast_device_state)."""

    UNKNOWN = "0"
    NOT_IN_USE = "1"
    IN_USE = "2"
    BUSY = "3"
    INVALID = "4"
    UNAVAILABLE = "5"
    RINGING = "6"
    RING_IN_USE = "7"
    ON_HOLD = "8"


_BY_WORK = {
    W.RINGING: SeatState.RINGING,
    W.TALKING: SeatState.TALKING,
    W.HOLD: SeatState.HOLD,
    W.WRAP_UP: SeatState.WRAP_UP,
}
# A telephone that is busy without a call of ours: the agent dials out, or is called directly.
_BY_DEVICE = {
    Device.IN_USE: SeatState.TALKING,
    Device.BUSY: SeatState.TALKING,
    Device.RING_IN_USE: SeatState.TALKING,
    Device.ON_HOLD: SeatState.HOLD,
    Device.RINGING: SeatState.RINGING,
}
_ON_A_CALL = frozenset({W.RINGING, W.TALKING, W.HOLD})
_BROKEN = frozenset({Device.INVALID, Device.UNAVAILABLE})


def shown(work: Work, device: Device, *, logged_in: bool, paused: bool) -> SeatState:
    """The one state to show: the call first, then the log-in, the telephone, the pause.

    ``paused`` means in every queue that the agent is logged in to.
    """
    if work in _ON_A_CALL:
        return _BY_WORK[work]
    if not logged_in:
        return SeatState.LOGGED_OUT
    if work is Work.WRAP_UP:
        return SeatState.WRAP_UP
    if device in _BY_DEVICE:
        return _BY_DEVICE[device]
    if paused:
        return SeatState.NOT_READY
    return SeatState.UNREACHABLE if device in _BROKEN else SeatState.READY

"""AMI messages and record lines of real calls, said again as other calls.

Everything by which one call is told from another (Uniqueids, channel names, bridges, the caller,
the seat, the time) is moved by a `Shift`; all other bytes stay as Asterisk sent them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from telephony.ami.message import event_name

BLANK_LINE = b"\r\n\r\n"
_IDENTITIES = re.compile(
    rb"""
      (?:Timestamp:\ |(?<="))(?P<time>\d{10}\.\d{6})
    | hotline-(?P<uniqueid>\d{10}\.\d+)
    | \bsurvey-(?P<attempt>\d+)\b
    | (?P<bridge>[0-9a-f]{8})(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})
    | (?<=-)(?P<channel>[0-9a-f]{8})\b(?!-[0-9a-f]{4}-)
    | \b(?P<caller>13[89]0\d{7})\b
    | \b(?P<seat>[18]00\d)\b
    | \b(?P<epoch>17\d{8})\b(?!\.)
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Shift:
    """How far the identities of a call are moved.

    ``channels`` counts up what Asterisk counts: Uniqueids and channel names. ``seats`` is the
    distance of the seat and of its agent; ``callers`` moves numbers, bridges and callbacks.
    """

    seconds: float = 0.0
    channels: int = 0
    seats: int = 0
    callers: int = 0


def _time(text: bytes, shift: Shift) -> bytes:
    return b"%.6f" % (float(text) + shift.seconds)


def _epoch(text: bytes, shift: Shift) -> bytes:
    return b"%d" % (int(text) + shift.seconds)


def _uniqueid(text: bytes, shift: Shift) -> bytes:
    seconds, serial = text.split(b".")
    return b"%d.%d" % (int(seconds) + shift.seconds, int(serial) + shift.channels)


def _channel(text: bytes, shift: Shift) -> bytes:
    return b"%08x" % (int(text, 16) + shift.channels)


def _bridge(text: bytes, shift: Shift) -> bytes:
    return b"%08x" % (int(text, 16) ^ shift.callers)


def _caller(text: bytes, shift: Shift) -> bytes:
    return b"%d" % (int(text) + shift.callers * 1000 % 10_000_000)


def _number(text: bytes, shift: Shift) -> bytes:
    return b"%d" % (int(text) + shift.callers * 10)


def _seat(text: bytes, shift: Shift) -> bytes:
    return b"%d" % (int(text) + shift.seats)


_MOVES: dict[str, Callable[[bytes, Shift], bytes]] = {
    "time": _time,
    "epoch": _epoch,
    "uniqueid": _uniqueid,
    "channel": _channel,
    "bridge": _bridge,
    "caller": _caller,
    "attempt": _number,
    "seat": _seat,
}


class Template:
    """Some messages, cut at their identities once so that saying them again is quick."""

    def __init__(self, raw: bytes) -> None:
        self._fixed: list[bytes] = []
        self._moved: list[tuple[bytes, Callable[[bytes, Shift], bytes]]] = []
        self.name = event_name(raw)
        end = 0
        for match in _IDENTITIES.finditer(raw):
            kind = match.lastgroup
            assert kind is not None
            start, stop = match.span(kind)
            self._fixed.append(raw[end:start])
            self._moved.append((raw[start:stop], _MOVES[kind]))
            end = stop
        self._last = raw[end:]

    def render(self, shift: Shift) -> bytes:
        """The messages of another call."""
        said: list[bytes] = []
        known: dict[bytes, bytes] = {}
        for fixed, (text, move) in zip(self._fixed, self._moved, strict=True):
            if (moved := known.get(text)) is None:
                moved = known[text] = move(text, shift)
            said += (fixed, moved)
        said.append(self._last)
        return b"".join(said)

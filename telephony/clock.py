"""What time it was at the switchboard when it said something."""

import re

_TIMESTAMP = b"\r\nTimestamp: "
_LENGTH = len("1795420753.354308")
_END_OF_TIME = 1e11  # more is no date
_UNIQUEID = re.compile(r"(?:.*-)?(\d{9,11})\.(\d+)")


def timestamp(raw: bytes) -> float | None:
    """``Timestamp`` of an event (``timestampevents=yes`` in manager.conf), epoch seconds.

    Asterisk writes it directly after ``Event`` and ``Privilege`` (manager_event in manager.c);
    elsewhere it is not Asterisk's.
    """
    before, found, rest = raw.partition(_TIMESTAMP)
    if not found or before.count(b"\r\n") != 1:
        return None
    try:
        # Asterisk writes ten digits, a point and six digits (append_event in manager.c).
        seconds = float(rest[:_LENGTH])
    except ValueError:
        return None
    return seconds if 0 < seconds < _END_OF_TIME else None


def uniqueid_epoch(uniqueid: str, otherwise: float) -> float:
    """When a channel was made: Asterisk writes it into the Uniqueid, in whole seconds."""
    match = _UNIQUEID.fullmatch(uniqueid)
    return float(match[1]) if match else otherwise


def uniqueid_serial(uniqueid: str) -> int:
    """Which channel it was since Asterisk started, from 0; -1 where the Uniqueid is our own."""
    match = _UNIQUEID.fullmatch(uniqueid)
    return int(match[2]) if match else -1

"""What the switchboard answered when it was asked how things stand."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from telephony.ami.message import Message


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Items of ``CoreShowChannels`` and ``QueueStatus``, and the live events that came meanwhile.

    The two lists are not of one instant: an event that came between the question and the end of
    the answer may be in the lists or not. Whoever restores applies the lists first and then feeds
    the events, which changes nothing where a list had it already. ``booted_at`` is when Asterisk
    started, ``None`` when it did not say; ``heard_at`` is when it was last heard of before the
    connection that the snapshot came by, ``None`` when it never was. All times are the
    switchboard's.
    """

    taken_at: float
    channels: tuple["Message", ...]
    queues: tuple["Message", ...]
    meanwhile: tuple[bytes, ...] = ()
    booted_at: float | None = None
    heard_at: float | None = None

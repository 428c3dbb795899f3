"""When Asterisk was restarted, by its own records, and when it was last heard of before that.

It logs ``QUEUESTART``, in whole seconds, just after it is fully booted, which is when SIP is heard
(asterisk.c, pjsip_distributor.c): a first call may be a little earlier. What was up when it went
down has no end in either record.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from telephony.cel import CelEvent
from telephony.clock import uniqueid_serial
from telephony.queue_log import QueueLogLine

BOOTING_S = 60.0  # so long before QUEUESTART a call may have begun


class Start(NamedTuple):
    """Asterisk had started before ``at`` + 1 s; ``heard_at`` is the line before, 0 for none."""

    at: float
    heard_at: float


class Restarts:
    """Finds the place of each restart among the channel events.

    ``ami_heard_at``: when somebody last heard of Asterisk by AMI before he heard of it anew.
    """

    def __init__(self, ami_heard_at: float | None = None) -> None:
        self.pending: deque[Start] = deque()
        self._ami_heard_at = ami_heard_at
        self._heard_at = 0.0
        self._serial = -1

    def noting(self, lines: Iterable[QueueLogLine]) -> Iterator[QueueLogLine]:
        """The lines, while each start among them is noted."""
        heard_at = 0.0
        for line in lines:
            if line.event == "QUEUESTART":
                self.pending.append(Start(line.at, heard_at))
            heard_at = max(heard_at, line.at)
            yield line

    def before(self, event: CelEvent) -> Iterator[float]:
        """For each restart that lies between the event before and this one: the last sign of life.

        Every event until the last restart must go through here, in order.
        """
        while self.pending and self._is_after(event):
            yield self._pass()
        self._heard_at = max(self._heard_at, event.at)
        self._serial = max(self._serial, uniqueid_serial(event.uniqueid))

    def rest(self) -> Iterator[float]:
        """The same for the restarts after the last event."""
        while self.pending:
            yield self._pass()

    def _is_after(self, event: CelEvent) -> bool:
        """Whether ``event`` came after the next start.

        Within the second of the start, and before it, only a new channel can tell: Asterisk numbers
        them from 0 on (chan_idx in channel.c). Channels made at once may be logged in another
        order, so a number somewhat lower than another proves nothing.
        """
        at = self.pending[0].at
        if event.at >= at + 1.0:
            return True
        if event.name != "CHAN_START" or event.at < at - BOOTING_S:
            return False
        if self._serial < 0:  # none is known that was made before
            return event.at >= at
        return 0 <= 2 * uniqueid_serial(event.uniqueid) < self._serial

    def _pass(self) -> float:
        start = self.pending.popleft()
        self._serial = -1
        if self._ami_heard_at is not None and self._ami_heard_at < start.at + 1.0:
            return max(self._heard_at, start.heard_at, self._ami_heard_at)
        return max(self._heard_at, start.heard_at)

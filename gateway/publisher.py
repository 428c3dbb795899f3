"""Publisher: live events reach Redis in order, without ever holding up whoever reports them.

Beside the stream, hashes hold the live state (`gateway.live_state`), so that a page that opens now
sees what is. Redis may vanish or be emptied: the whole live state is written anew every few
seconds from the tracker, which is what makes it right again.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence, Set
from contextlib import suppress
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import live_state
from gateway.live import STREAM, STREAM_LENGTH, LiveEvent

BATCH = 200
CAPACITY = 20_000
OVERLAP = 2_000
REFRESH_EVERY_S = 10.0
RETRY_S = 0.5
WRITE_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


def _nobody_asks(_call_ids: Set[str]) -> None:
    """Calls that vanished are of no interest."""


def _subject(event: LiveEvent) -> tuple[str, str]:
    """The seat or the call that ``event`` tells of: its events have an order of their own."""
    key = "agent" if event.name == "seat.changed" else "call_id"
    return key, event.data[key]


class Publisher:
    """Takes live events with `put`; `run` brings them to Redis.

    ``current`` gives the whole live state of ``switchboard``, one event per seat and per call that
    is up, where this process knows it; ``None`` while it does not. ``on_vanished`` is told of calls
    that were shown as being up and are not, although no event said so.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        switchboard: str = "",
        current: Callable[[], Sequence[LiveEvent] | None] | None = None,
        on_vanished: Callable[[Set[str]], None] = _nobody_asks,
        capacity: int = CAPACITY,
    ) -> None:
        self._redis = redis
        self._switchboard = switchboard
        self._current = current
        self._on_vanished = on_vanished
        self._queue: deque[LiveEvent] = deque(maxlen=capacity)
        self._wake = asyncio.Event()
        self._overlaps = False
        self._refresh_at_s = 0.0  # loop's clock
        self.dropped = 0

    def put(self, event: LiveEvent) -> None:
        """Take an event over; never blocks. When Redis stays away the oldest are dropped."""
        if len(self._queue) == self._queue.maxlen:
            self.dropped += 1
        self._queue.append(event)
        self._wake.set()

    def take_over(self, recent: Iterable[LiveEvent]) -> None:
        """Publish those of the ``recent`` events that the former publisher did not."""
        self._queue.extendleft(reversed(list(recent)))
        self._overlaps = True
        self._wake.set()

    def forget(self) -> None:
        """Drop what waits: another process publishes now."""
        self._queue.clear()

    async def run(self, allowed: Callable[[], Awaitable[None]] | None = None) -> None:
        """Publish for ever, in order, each time that ``allowed`` returns (always without one)."""
        loop = asyncio.get_running_loop()
        while True:
            if allowed is not None:
                await allowed()
            try:
                async with asyncio.timeout(WRITE_TIMEOUT_S):
                    await self._flush()
                    if loop.time() >= self._refresh_at_s:
                        await self._refresh()
            except (RedisError, TimeoutError, OSError) as error:
                log.warning("publishing_delayed", error=type(error).__name__)
                await asyncio.sleep(RETRY_S)
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout_at(self._refresh_at_s if self._current else None):
                    await self._wake.wait()

    def refresh_soon(self) -> None:
        """Write the whole live state with the next events."""
        self._refresh_at_s = 0.0
        self._wake.set()

    async def _refresh(self) -> None:
        """Write the whole live state; in the same task as its changes, so that none is undone.

        All events were published before: what was told to be up and is not has ended unseen.
        """
        current = self._current() if self._current else None
        if current is not None:
            up = {event.data["call_id"] for event in current if event.name.startswith("call.")}
            told = await live_state.calls_told(self._redis, self._switchboard)
            if vanished := told - up:
                self._on_vanished(vanished)
            async with self._redis.pipeline(transaction=True) as pipeline:
                live_state.replace(pipeline, self._switchboard, current)
                await pipeline.execute()
        self._refresh_at_s = asyncio.get_running_loop().time() + REFRESH_EVERY_S

    async def _drop_published(self) -> None:
        """Leave out what the former publisher told, and what is older than that.

        Both were told the same by the switchboard in the same order; but where this process took a
        list for what the other had heard live, the two name it differently.
        """
        newest: Any = await self._redis.xrevrange(STREAM, count=OVERLAP)
        published = {LiveEvent.from_json(fields["e"]).event_id for _, fields in newest}
        waiting = list(self._queue)
        told = {
            _subject(event): index
            for index, event in enumerate(waiting)
            if event.event_id in published
        }
        self._queue.clear()
        self._queue.extend(
            event for index, event in enumerate(waiting) if index > told.get(_subject(event), -1)
        )
        self._overlaps = False

    async def _flush(self) -> None:
        if self._overlaps:
            await self._drop_published()
        while self._queue:
            batch = [self._queue[index] for index in range(min(BATCH, len(self._queue)))]
            async with self._redis.pipeline(transaction=True) as pipeline:
                for event in batch:
                    pipeline.xadd(STREAM, {"e": event.to_json()}, maxlen=STREAM_LENGTH)
                    live_state.write(pipeline, event)
                await pipeline.execute()
            for event in batch:
                if self._queue and self._queue[0] is event:
                    self._queue.popleft()
        self._wake.clear()

"""The real program that kills itself at a chosen instant: ``python -m tests.support.failpoint``.

The first argument names the instant, the others are those of ``hotline``. What is in the way of
exactly that instant is held back for ever.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterable
from typing import Any

from gateway.cli import main
from gateway.publisher import Publisher
from gateway.recorder import Recorder
from telephony.tracker import Tracker

ENDED = "call.ended"


def die() -> None:
    """As by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def bytes_read() -> None:
    """An agent's answer has been read from the socket, and nothing was made of it."""
    feed_all = Tracker.feed_all

    def feed_or_die(self: Tracker, messages: Iterable[bytes], received_at: float) -> Any:
        if any(raw.startswith(b"Event: AgentConnect\r\n") for raw in messages):
            die()
        return feed_all(self, messages, received_at)

    Tracker.feed_all = feed_or_die  # type: ignore[method-assign]


def committed_unpublished() -> None:
    """The end of a call is in PostgreSQL, not on the live wire."""
    flush, forget = Publisher._flush, Recorder._forget

    async def hold_back(self: Publisher) -> None:
        if any(event.name == ENDED for event in self._queue):
            await asyncio.Event().wait()
        await flush(self)

    def die_after_commit(self: Recorder, calls: dict[str, Any], *others: Any) -> None:
        if any(call.ended_at for call in calls.values()):
            die()
        forget(self, calls, *others)

    Publisher._flush = hold_back  # type: ignore[method-assign]
    Recorder._forget = die_after_commit  # type: ignore[method-assign]


def published_unrecorded() -> None:
    """The end of a call is on the live wire; that it is there was noted by nobody."""
    flush, record = Publisher._flush, Recorder.flush

    async def publish_and_die(self: Publisher) -> None:
        last = any(event.name == ENDED for event in self._queue)
        await flush(self)
        if last:
            die()

    async def hold_back(self: Recorder) -> None:
        if any(call.ended_at for call in self._calls.values()):
            await asyncio.Event().wait()
        await record(self)

    Publisher._flush = publish_and_die  # type: ignore[method-assign]
    Recorder.flush = hold_back  # type: ignore[method-assign]


INSTANTS: dict[str, Callable[[], None]] = {
    "bytes_read": bytes_read,
    "committed_unpublished": committed_unpublished,
    "published_unrecorded": published_unrecorded,
}

if __name__ == "__main__":
    INSTANTS[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))

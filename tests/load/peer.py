"""A scripted switchboard: real answers to the gateway's actions, and one recorded call many times.

It speaks to one gateway at a time and keeps its promises: at any moment its lists show just the
channels, queue entries and members that its events have told of.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from tests.load.one_call import Burst, OneCall
from tests.load.template import BLANK_LINE, Shift

CHANNELS = 2  # of one call
RECORDED_QUEUE = "12345"
_ITEMS = {
    "CoreShowChannels": b"Message: Channels will follow",
    "QueueStatus": b"Message: Queue status will follow",
}


@dataclass(slots=True)
class Playing:
    """One call that is up: whose it is, and the burst that was said last."""

    shift: Shift
    said: Burst


class SwitchboardPeer(asyncio.Protocol):
    """The switchboard's side of an AMI connection, with ``seats`` members in each of its queues.

    Calls come by the first queue. While ``held`` is set none of them ends.
    """

    def __init__(
        self, call: OneCall, seats: int, queues: Sequence[str] = (RECORDED_QUEUE,)
    ) -> None:
        self._call = call
        self._queues = queues
        self._idle = list(range(seats))
        self._serials = count(1)
        self._playing: dict[int, Playing] = {}
        self._received = b""
        self._transport: asyncio.Transport | None = None
        self.rung_at: dict[str, tuple[int, float]] = {}  # Uniqueid -> seat, monotonic seconds
        self.written = 0  # messages of calls
        self.logged_in = asyncio.Event()
        self.held = False
        self._released = asyncio.Event()

    @property
    def busy(self) -> int:
        """How many calls are up."""
        return len(self._playing)

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(self._call.greeting)

    def data_received(self, data: bytes) -> None:
        *actions, self._received = (self._received + data).split(BLANK_LINE)
        for action in actions:
            lines = action.decode().split("\r\n")
            self._answer(dict(line.partition(": ")[::2] for line in lines))

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._transport = None

    # Actions

    def _answer(self, action: dict[str, str]) -> None:
        name, action_id = action["Action"], action["ActionID"].encode()
        if name == "CoreShowChannels":
            self._answer_list(name, action_id, self._channels())
        elif name == "QueueStatus":
            self._answer_list(name, action_id, self._queue())
        elif name in self._call.answers:
            self._write(self._with_id(self._call.answers[name], action_id))
        else:
            error = b"Response: Error\r\nActionID: %s\r\nMessage: Invalid/unknown command\r\n\r\n"
            self._write(error % action_id)
        if name == "Login":
            self.logged_in.set()

    @staticmethod
    def _with_id(answer: bytes, action_id: bytes) -> bytes:
        said = []
        for line in answer.split(b"\r\n"):
            if line.startswith(b"ActionID: "):
                said.append(b"ActionID: " + action_id)
            elif line.startswith(b"Timestamp: "):
                said.append(b"Timestamp: %.6f" % time.time())
            else:
                said.append(line)
        return b"\r\n".join(said) + BLANK_LINE

    def _answer_list(self, name: str, action_id: bytes, items: Iterable[bytes]) -> None:
        start = b"Response: Success\r\nActionID: %s\r\nEventList: start\r\n%s"
        said = [start % (action_id, _ITEMS[name]), *(item + action_id for item in items)]
        end = b"Event: %sComplete\r\nActionID: %s\r\nEventList: Complete\r\nListItems: %d"
        said.append(end % (name.encode(), action_id, len(said) - 1))
        self._write(BLANK_LINE.join(said) + BLANK_LINE)

    def _channels(self) -> Iterator[bytes]:
        for one in self._playing.values():
            for item in one.said.channels:
                yield item.render(one.shift)

    def _queue(self) -> Iterator[bytes]:
        for member in self._members():
            for queue in self._queues:
                yield _in_queue(member, queue)
        for one in self._playing.values():
            for item in one.said.entries:
                yield item.render(one.shift)

    def _members(self) -> Iterator[bytes]:
        since = int(time.time() - self._call.begins_at)
        for seat in self._idle:
            yield self._call.idle_member.render(Shift(since, 0, seat, 0))
        for one in self._playing.values():
            yield (one.said.member or self._call.idle_member).render(one.shift)

    def pause_everybody(self, *, paused: bool) -> int:
        """Say of every idle seat in every queue that it was (un)paused; how many messages."""
        since, said = int(time.time() - self._call.begins_at), 0
        for seat in self._idle:
            member = self._call.member_paused(paused=paused).render(Shift(since, 0, seat, 0))
            for queue in self._queues:
                self._write(_in_queue(member, queue))
            said += len(self._queues)
        return said

    def release(self) -> None:
        """Let calls end again."""
        self.held = False
        self._released.set()

    # Calls

    async def play_call(self, before_ring: Callable[[], object] | None = None) -> None:
        """One call at the seat that has been idle longest, from arrival to hang-up.

        What ``before_ring`` says comes right before the seat rings.
        """
        seat = self._idle.pop(0)
        serial = next(self._serials)
        began = time.time()
        shift = Shift(began - self._call.begins_at, serial * CHANNELS, seat, serial)
        for burst in self._call.bursts:
            if (pause_s := began + burst.after_s - time.time()) > 0:
                await asyncio.sleep(pause_s)
            if self.held and burst is self._call.bursts[-1]:
                await self._released.wait()
            if before_ring and any(message.calls_seat for message in burst.messages):
                before_ring()
            for message in burst.messages:
                raw = message.template.render(shift)
                if message.calls_seat:
                    self.rung_at[_uniqueid(raw)] = (seat, time.perf_counter())
                self._write(raw)
            self.written += len(burst.messages)
            self._playing[serial] = Playing(shift, burst)
        del self._playing[serial]
        self._idle.append(seat)

    def _write(self, data: bytes) -> None:
        assert self._transport is not None, "the gateway has closed the AMI connection"
        self._transport.write(data)


def _in_queue(said: bytes, queue: str) -> bytes:
    return said.replace(b"Queue: " + RECORDED_QUEUE.encode(), b"Queue: " + queue.encode())


def _uniqueid(raw: bytes) -> str:
    start = raw.index(b"\r\nUniqueid: ") + len(b"\r\nUniqueid: ")
    return raw[start : raw.index(b"\r\n", start)].decode()

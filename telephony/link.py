"""The lasting link to one switchboard: connect, synchronise, track, verify, and again for ever."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from telephony.ami.action import Action
from telephony.ami.backoff import delays
from telephony.ami.client import DEFAULT_TIMEOUT_S, Client, Endpoint, connect, demand
from telephony.ami.message import Message
from telephony.ami.session import Answer
from telephony.errors import LinkLostError, NotConnectedError, PeerError, TelephonyError
from telephony.events import CallRecord, Event
from telephony.snapshot import Snapshot
from telephony.tracker import Restored, Tracker
from telephony.watch import Sign, Watch, Watches

MAX_HELD = 200_000
LONGEST_SLEEP_S = 3600.0
_FULLY_BOOTED = b"Event: FullyBooted"
# app_queue tells of no member that a reload of its configuration has added or removed.
_RELOADED = b"Event: Reload\r\n"


class LinkStatus(StrEnum):
    """How the link stands."""

    CONNECTING = "connecting"
    SYNCHRONISING = "synchronising"
    UP = "up"
    DOWN = "down"  # it will be tried again soon
    REFUSED = "refused"  # the configuration is wrong here or there; it is tried again all the same


@dataclass(frozen=True, slots=True)
class LinkState:
    """``status`` and, where it is not `UP`, one sentence why."""

    status: LinkStatus
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkTimes:
    """Seconds. A dead peer is noticed within ``ping_every_s + ping_timeout_s``."""

    connect_timeout_s: float = 5.0
    ping_every_s: float = 3.0
    ping_timeout_s: float = 5.0
    list_timeout_s: float = 15.0
    verify_every_s: float = 20.0


async def nothing_known() -> Sequence[CallRecord]:
    """No call is recorded as open."""
    return ()


def _nothing_wrong(restored: Restored) -> None:
    """Nobody looks at what a snapshot has shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSink:
    """Where everything goes; each is called synchronously from the reading and must not wait.

    ``on_events``: domain events in order. ``on_state``: each change of the link. ``on_lost``: calls
    that ended while nobody looked, to be completed from the switchboard's own records.
    ``on_restored``: what every snapshot has shown. ``load_open_calls``: the calls recorded as
    open, asked for once, before the first snapshot; what it raises ends the link, but for a
    `TelephonyError`, after which it is asked again.
    """

    on_events: Callable[[Sequence[Event]], None]
    on_state: Callable[[LinkState], None]
    on_lost: Callable[[Sequence[CallRecord]], None]
    on_restored: Callable[[Restored], None] = _nothing_wrong
    load_open_calls: Callable[[], Awaitable[Sequence[CallRecord]]] = nothing_known


class Link:
    """Owns the connection and the tracker of one switchboard."""

    def __init__(
        self, endpoint: Endpoint, tracker: Tracker, sink: LinkSink, times: LinkTimes | None = None
    ) -> None:
        self.tracker = tracker
        self.state = LinkState(LinkStatus.DOWN, "not started")
        self._endpoint = endpoint
        self._sink = sink
        self._times = times or LinkTimes()
        self._client: Client | None = None
        self._held: list[bytes] | None = None
        self._offset_s = 0.0  # the switchboard's clock less ours
        self._booted_at: float | None = None
        self._heard_at: float | None = None  # by the switchboard's clock
        self.heard_before: float | None = None  # the same, on the last connection that came up
        self._resync = asyncio.Event()
        self._known: Sequence[CallRecord] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._watches = Watches()

    async def request(self, action: Action, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
        """See `telephony.ami.client.Requester`."""
        if self._client is None:
            raise NotConnectedError(f"there is no link to the switchboard: {self.state.reason}")
        return await self._client.request(action, timeout_s)

    def watch(self, *signs: Sign) -> Watch:
        """See `telephony.watch.Switch`."""
        return Watch(self._watches, signs)

    def switch_now(self) -> float:
        """Now by the switchboard's clock, epoch seconds."""
        return time.time() + self._offset_s

    def finish_wrap_up(self, agent: str) -> None:
        """The agent ended his wrap-up by hand."""
        self._tell(self.tracker.finish_wrap_up(agent, self.switch_now()))

    def prolong_wrap_up(self, agent: str, until: float) -> None:
        """The wrap-up of ``agent``, if he is in one, lasts until then (switchboard's time)."""
        self.tracker.prolong_wrap_up(agent, until)
        self._tell(())

    async def run(self) -> None:
        """Keep the link until cancelled."""
        waits = delays(random.Random())  # noqa: S311 spread, not secrecy
        try:
            while True:
                try:
                    await self._live_once()
                except* TelephonyError as group:
                    error = _first(group)
                    refused = isinstance(error, PeerError)
                    status = LinkStatus.REFUSED if refused else LinkStatus.DOWN
                    if self.state.status in {LinkStatus.UP, LinkStatus.SYNCHRONISING}:
                        waits = delays(random.Random())  # noqa: S311 spread, not secrecy
                    self._set_state(status, str(error))
                await asyncio.sleep(next(waits))
        finally:
            if self._timer:
                self._timer.cancel()
            self._set_state(LinkStatus.DOWN, "stopped")

    async def _live_once(self) -> None:
        self._set_state(LinkStatus.CONNECTING)
        self._held, self._booted_at = [], None
        self._resync.set()
        times = self._times
        client = await connect(self._endpoint, self._on_raw, timeout_s=times.connect_timeout_s)
        self._client = client
        try:
            self._set_state(LinkStatus.SYNCHRONISING)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._keep_alive(client))
                tasks.create_task(self._keep_true(client))
                raise_when_lost = await asyncio.shield(client.lost)
                self._heard_at = self.switch_now()  # who hangs up is there until then
                raise raise_when_lost
        finally:
            if self.state.status is LinkStatus.UP:  # else it may be starting, its calls all gone
                self.heard_before = self._heard_at
            self._client = None
            closed = LinkLostError("the link is closed")
            client.abort(closed)
            self._watches.fail(closed)

    async def _keep_alive(self, client: Client) -> None:
        while True:
            await self._ping(client)
            await asyncio.sleep(self._times.ping_every_s)

    async def _ping(self, client: Client) -> None:
        answer = await demand(client, Action("Ping"), self._times.ping_timeout_s)
        said = answer.response.number("Timestamp")
        if said > 0:
            self._offset_s = said - time.time()
        self._heard_at = self.switch_now()

    async def _keep_true(self, client: Client) -> None:
        """Take a snapshot now, after each (re)boot or reload, and every so often to verify."""
        if self._known is None:
            self._known = await self._sink.load_open_calls()
        await self._ping(client)
        while True:
            self._resync.clear()
            await self._synchronise(client)
            try:
                async with asyncio.timeout(self._times.verify_every_s):
                    await self._resync.wait()
            except TimeoutError:
                continue

    async def _synchronise(self, client: Client) -> None:
        if self._held is None:
            self._held = []
        timeout_s = self._times.list_timeout_s
        async with asyncio.TaskGroup() as tasks:
            channels = tasks.create_task(demand(client, Action("CoreShowChannels"), timeout_s))
            queues = tasks.create_task(demand(client, Action("QueueStatus"), timeout_s))
        snapshot = Snapshot(
            taken_at=self.switch_now(),
            channels=channels.result().items,
            queues=queues.result().items,
            meanwhile=tuple(self._held),
            booted_at=self._booted_at,
            heard_at=self.heard_before,
        )
        restored = self.tracker.restore(snapshot, self._known or ())
        self._known, self._held = (), None
        self._tell(restored.events)
        if restored.lost:
            self._sink.on_lost(restored.lost)
        self._set_state(LinkStatus.UP)
        self._sink.on_restored(restored)

    def _on_raw(self, messages: list[bytes], received_at: float) -> None:
        self._heard_at = received_at + self._offset_s
        for raw in messages:
            if raw.startswith(_FULLY_BOOTED):
                self._on_fully_booted(Message(raw))
            elif raw.startswith(_RELOADED):
                self._resync.set()
        if self._held is not None:
            self._held += messages
            if len(self._held) > MAX_HELD and self._client:
                self._client.abort(LinkLostError(f"more than {MAX_HELD} events before a snapshot"))
        else:
            self._tell(self.tracker.feed_all(messages, received_at + self._offset_s))
        self._watches.see(messages)

    def _on_fully_booted(self, message: Message) -> None:
        """``Uptime`` tells which calls cannot have survived a restart."""
        if "Uptime" in message:
            self._booted_at = self.switch_now() - message.number("Uptime")
        self._resync.set()

    def _tell(self, events: Sequence[Event]) -> None:
        if events:
            self._sink.on_events(events)
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if (due_at := self.tracker.due_at) is not None:
            loop = asyncio.get_running_loop()
            delay = min(max(0.0, due_at - self.switch_now()), LONGEST_SLEEP_S)
            self._timer = loop.call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        self._tell(self.tracker.tick(self.switch_now()))

    def _set_state(self, status: LinkStatus, reason: str = "") -> None:
        state = LinkState(status, reason)
        if state != self.state:
            self.state = state
            self._sink.on_state(state)


def _first(group: BaseExceptionGroup[TelephonyError]) -> TelephonyError:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, TelephonyError)  # noqa: S101 except* selected them
    return error

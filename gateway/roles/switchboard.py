"""Role ``switchboard``: keeps the link to one switchboard, tracks, and as its owner records,
publishes, dials and carries out commands.
"""

import asyncio
from collections import deque
from collections.abc import Sequence, Set
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from redis.exceptions import RedisError

from gateway import live_state
from gateway.belated import BelatedEnds
from gateway.command_table import CommandTable
from gateway.commands import Handler, serve_commands
from gateway.context import Context
from gateway.database_away import DATABASE_AWAY
from gateway.desks import Desks
from gateway.dialler import Dialler
from gateway.lines import follow_lines, list_lines
from gateway.live import LiveEvent, from_domain
from gateway.ownership import Ownership, Standing
from gateway.publisher import Publisher
from gateway.reconciler import Reconciler
from gateway.reconciliation.reconciliation import Reconciliation
from gateway.recorder import Recorder
from gateway.ringbacks import Ringbacks
from gateway.stored_calls import open_calls
from gateway.switchboards import Switchboard
from gateway.transcript import TranscriptLink, refuse_command
from telephony.errors import LinkLostError
from telephony.events import CallEvent, CallEventName, CallRecord, Event
from telephony.lines import LineBook
from telephony.link import Link, LinkSink, LinkState, LinkStatus
from telephony.tracker import Restored, Tracker

TELL_LINK_EVERY_S = 4.0
LOOK_AGAIN_S = 0.05
RECENT = 5_000
# What a former owner may have left unpublished: it is replaced within five seconds.
UNSHOWN = timedelta(seconds=10)
LOAD_TIMEOUT_S = 5.0

log = structlog.get_logger(__name__)


class SwitchboardDesk:
    """Everything this process does for one switchboard."""

    def __init__(
        self, context: Context, board: Switchboard, component: str = "switchboard"
    ) -> None:
        settings, engines = context.settings, context.engines
        self._context = context
        self._component = component  # its name in the readiness of this process
        self._replays = board.transcript is not None
        self._link_since = context.clock()
        self._publisher = Publisher(
            engines.redis,
            switchboard=settings.switchboard,
            current=self._live_state,
            on_vanished=self._on_vanished,
        )
        self._belated = BelatedEnds(engines.pool, self._publisher.put)
        self._showing = asyncio.Event()
        self._recent: deque[tuple[datetime, LiveEvent]] = deque(maxlen=RECENT)
        self._link_changed = asyncio.Event()
        self._ownership = Ownership(engines.dsn, settings.switchboard, self._on_standing)
        self._recorder = Recorder(engines.pool, self._ownership)
        sink = LinkSink(
            on_events=self._on_events,
            on_state=self._on_link,
            on_lost=self._on_lost,
            on_restored=self._on_restored,
            load_open_calls=self._load_open_calls,
        )
        self._lines = LineBook(settings.district)
        tracker = Tracker(
            settings.switchboard,
            lines=self._lines,
            inbound_contexts=settings.trunk_contexts,
            wrap_up_s=dict.fromkeys(settings.queues, settings.wrap_up_s),
        )
        self._link = _link(board, tracker, sink)
        self._desks = (
            Desks(settings, self._link, self._ownership) if isinstance(self._link, Link) else None
        )
        self._reconciler = Reconciler(
            Reconciliation(context, board, self._ownership, self._link.switch_now, tracker)
        )
        self._dialler = Dialler(context, self._link, self._ownership)
        calls = self._desks.calls if self._desks else None
        self._ringbacks = Ringbacks(context, board, self._link, calls, self._ownership)

    async def run(self) -> None:
        """Work until cancelled."""
        settings, redis = self._context.settings, self._context.engines.redis
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._ownership.run())
            tasks.create_task(self._link.run())
            tasks.create_task(self._recorder.run())
            tasks.create_task(self._publisher.run(self._may_show))
            tasks.create_task(self._belated.run())
            tasks.create_task(self._tell_link())
            tasks.create_task(follow_lines(self._context.engines.pool, self._lines))
            tasks.create_task(self._reconciler.run())
            tasks.create_task(self._ringbacks.run())
            if self._desks is not None:
                tasks.create_task(self._desks.run())
            tasks.create_task(
                serve_commands(
                    redis, settings.switchboard, self._commands(), allowed=self._may_show
                )
            )
            if not self._replays:
                tasks.create_task(self._dialler.run())

    def _commands(self) -> Handler:
        if self._desks is None:
            return refuse_command
        return CommandTable({**self._desks.handlers, **self._ringbacks.handlers}).carry_out

    def _on_events(self, events: Sequence[Event]) -> None:
        for event in events:
            self._recorder.put(event)
            if isinstance(event, CallEvent):
                self._ringbacks.heard(event)
                if event.name is CallEventName.ENDED:
                    self._reconciler.ended(event.call)
            if self._desks is not None:
                self._desks.see(event)
            live = from_domain(event)
            if self._showing.is_set():
                self._publisher.put(live)
            else:
                self._recent.append((event.at, live))

    def _on_link(self, state: LinkState) -> None:
        self._link_since = self._context.clock()
        self._link_changed.set()
        up = state.status is LinkStatus.UP
        self._context.readiness.report(self._component, ready=up, detail=state.reason)
        level = log.error if state.status is LinkStatus.REFUSED else log.info
        level("switchboard_link", status=state.status.value, reason=state.reason)
        if up:
            self._reconciler.connected(self._link.heard_before)
            self._publisher.refresh_soon()

    def _on_lost(self, calls: Sequence[CallRecord]) -> None:
        log.info("calls_ended_unseen", count=len(calls))
        self._reconciler.expect(calls)

    def _on_restored(self, restored: Restored) -> None:
        self._context.watched.saw(restored.quarantined, len(restored.orphans))
        if self._desks is not None:
            self._desks.forsaken(restored.orphans)

    def _on_vanished(self, call_ids: Set[str]) -> None:
        log.info("ends_unseen", count=len(call_ids))
        self._belated.expect(call_ids)

    def _on_standing(self, standing: Standing) -> None:
        if standing is Standing.STANDBY:
            self._showing.clear()
            self._publisher.forget()
            return
        if not self._showing.is_set():  # another process recorded and published until now
            self._recorder.keep_newest_of_seats()
            since = self._context.clock() - UNSHOWN
            self._publisher.take_over(live for at, live in self._recent if at > since)
            self._recent.clear()
        self._showing.set()

    async def _may_show(self) -> None:
        """Return when this process may publish: as owner, or cut off from PostgreSQL.

        After standing still it first learns whether another has taken over.
        """
        while True:
            await self._showing.wait()
            if not self._ownership.stood_still:
                return
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _load_open_calls(self) -> Sequence[CallRecord]:
        try:
            async with self._context.engines.pool.acquire(timeout=LOAD_TIMEOUT_S) as connection:
                self._lines.replace(await list_lines(connection))
                return await open_calls(connection, self._context.settings.switchboard)
        except DATABASE_AWAY as error:
            raise LinkLostError(
                f"the calls recorded as open cannot be read: {error or type(error).__name__}"
            ) from None

    def _live_state(self) -> list[LiveEvent] | None:
        """Every seat, and every call that is up, as it stands; what it is only the link knows."""
        if self._link.state.status is not LinkStatus.UP:
            return None
        now = self._link.switch_now()
        at = datetime.fromtimestamp(now, UTC)
        tracker = self._link.tracker
        calls = [_standing_call(call, at) for call in tracker.open_calls(now)]
        return [*map(from_domain, tracker.seats(now)), *map(from_domain, calls)]

    async def _tell_link(self) -> None:
        redis, settings = self._context.engines.redis, self._context.settings
        while True:
            await self._showing.wait()
            self._link_changed.clear()
            link = live_state.Link(
                settings.switchboard,
                connected=self._link.state.status is LinkStatus.UP,
                since=self._link_since,
                district=settings.district,
                queues=settings.queues,
            )
            try:
                await live_state.write_link(redis, link)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("link_untold", error=type(error).__name__)
            with suppress(TimeoutError):
                async with asyncio.timeout(TELL_LINK_EVERY_S):
                    await self._link_changed.wait()


def _standing_call(call: CallRecord, at: datetime) -> CallEvent:
    """A call that is up as the event that brought it where it is."""
    name = CallEventName.ARRIVED
    if call.answered_at is not None:
        name = CallEventName.ANSWERED
    elif call.offered_at is not None:
        name = CallEventName.QUEUED
    event_id = f"{call.call_id}:{call.revision}:state"
    return CallEvent(event_id=event_id, name=name, at=at, call=call, agent=call.agent)


def _link(board: Switchboard, tracker: Tracker, sink: LinkSink) -> Link | TranscriptLink:
    if board.endpoint is not None:
        return Link(board.endpoint, tracker, sink)
    assert board.transcript is not None  # noqa: S101  # one of the two is set
    return TranscriptLink(board.transcript, tracker, sink)


async def switchboard(context: Context, board: Switchboard, component: str) -> None:
    """Work for ``board`` until cancelled; ``component`` is its name in the readiness."""
    await SwitchboardDesk(context, board, component).run()

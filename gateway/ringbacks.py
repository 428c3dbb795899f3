"""Everything a process does to ring back over one switchboard, put together."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime

from gateway.call_desk import CallDesk
from gateway.commands import CommandName, Handler
from gateway.context import Context
from gateway.ownership import Ownership
from gateway.ringback_attempts import RingbackAttempts
from gateway.ringback_board import Board
from gateway.ringback_desk import RingbackDesk
from gateway.ringback_resolver import RingbackResolver
from gateway.ringback_tasks import RingbackTasks
from gateway.switchboards import Switchboard
from gateway.transcript import TranscriptLink
from telephony.events import CallEvent
from telephony.link import Link


class Ringbacks:
    """Tasks, ringing and looking up. Over a replayed transcript there are tasks only."""

    def __init__(
        self,
        context: Context,
        board: Switchboard,
        link: Link | TranscriptLink,
        calls: CallDesk | None,
        ownership: Ownership,
    ) -> None:
        name = context.settings.switchboard
        self._switch_now = link.switch_now
        self._tasks = RingbackTasks(context, name, ownership, self._now)
        self._desk: RingbackDesk | None = None
        if calls is None or isinstance(link, TranscriptLink):
            return
        attempts = RingbackAttempts(context, name, ownership)
        ours = Board(switch=link, now=self._now, tracker=link.tracker)
        self._desk = RingbackDesk(ours, calls, attempts)
        self._resolver = RingbackResolver(ours, self._desk, attempts, ownership, board.cel_csv)

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command."""
        return self._desk.handlers if self._desk else {}

    def heard(self, event: CallEvent) -> None:
        """Something happened to a call; never blocks."""
        if self._desk:
            self._desk.heard(event)

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._tasks.run())
            if self._desk:
                tasks.create_task(self._desk.run())
                tasks.create_task(self._resolver.run())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._switch_now(), UTC)

"""Wrap-up (话后处理): calls are held back from an agent after a talk, until time or hand ends it.

The switchboard itself holds them back and lets them through again (`telephony.seats.hold_back`), so
that an agent takes calls again whatever becomes of this process. Only the owner acts.
"""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

import structlog

from gateway.commands import Command, CommandName, Handler
from gateway.seat_desk import Member, SeatSwitch, Turns, let_go
from telephony.errors import ControlRefusedError, Refusal, TelephonyError
from telephony.events import Event, SeatChanged, SeatState
from telephony.perform import perform
from telephony.queues import QueueCommands
from telephony.seats.hold_back import extension_of, hold_back
from telephony.seats.tracker import WrapUp

MAX_WAITING = 5_000
LEAST_S = 0.2  # a shorter rest is not worth holding anything back

log = structlog.get_logger(__name__)


class WrapUpSwitch(SeatSwitch, Protocol):
    """What wrap-ups need of the link to the switchboard."""

    def switch_now(self) -> float:
        """Now by the switchboard's clock, epoch seconds."""

    def prolong_wrap_up(self, agent: str, until: float) -> None:
        """The agent's wrap-up lasts until then."""


class WrapUpDesk:
    """Holds back, ends and prolongs the wrap-ups of one switchboard.

    ``prolong_s`` is what one prolongation adds, ``longest_s`` how long a wrap-up may become.
    """

    def __init__(
        self,
        switch: WrapUpSwitch,
        turns: Turns,
        *,
        prolong_s: float,
        longest_s: float,
        is_owner: Callable[[], bool],
    ) -> None:
        self._switch = switch
        self._tracker = switch.tracker
        self._commands = QueueCommands(switch)
        self._turns = turns
        self._prolong_s = prolong_s
        self._longest_s = longest_s
        self._is_owner = is_owner
        self._begun: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._orphans: asyncio.Queue[Member] = asyncio.Queue(MAX_WAITING)

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command; each may raise any `TelephonyError`."""
        return {
            CommandName.FINISH_WRAP_UP: self._finish,
            CommandName.PROLONG_WRAP_UP: self._prolong,
        }

    def see(self, event: Event) -> None:
        """A wrap-up may have begun; never blocks."""
        if not isinstance(event, SeatChanged) or event.state is not SeatState.WRAP_UP:
            return
        wrap_up = self._tracker.wrap_up_of(event.agent)
        if wrap_up and wrap_up.until is not None and not self._begun.full():
            self._begun.put_nowait(event.agent)

    def forsaken(self, members: Iterable[Member]) -> None:
        """These are paused for a wrap-up that nobody will end; never blocks."""
        for member in members:
            if not self._orphans.full():
                self._orphans.put_nowait(member)

    async def run(self) -> None:
        """Hold back, and let go who was forsaken, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._hold_all(tasks))
            tasks.create_task(self._free_all())

    async def _hold_all(self, tasks: asyncio.TaskGroup) -> None:
        while True:
            agent = await self._begun.get()
            tasks.create_task(self._begin(agent))

    async def _begin(self, agent: str) -> None:
        async with self._turns.of(agent):
            wrap_up = self._tracker.wrap_up_of(agent)
            if wrap_up is None or not self._is_owner():
                return
            try:
                await self._hold(wrap_up)
            except TelephonyError as error:  # he takes calls: rather that than a lost agent
                log.warning("wrap_up_not_held", agent=agent, error=str(error))

    async def _hold(self, wrap_up: WrapUp) -> None:
        left_s = (wrap_up.until or 0.0) - self._switch.switch_now()
        if left_s < LEAST_S:
            return
        of_phone: dict[str, list[str]] = defaultdict(list)
        for queue, interface in wrap_up.members:
            if extension_of(interface) is not None:
                of_phone[interface].append(queue)
        for interface, queues in of_phone.items():
            plan = hold_back(interface, tuple(sorted(queues)), left_s, secrets.token_hex(8))
            await perform(self._switch, plan)

    async def _free_all(self) -> None:
        while True:
            queue, interface = await self._orphans.get()
            if not self._is_owner():
                continue
            try:
                await self._commands.pause(interface, paused=False, queue=queue)
            except TelephonyError as error:  # the next snapshot shows it again
                log.warning("wrap_up_not_ended", queue=queue, error=str(error))
            else:
                log.warning("wrap_up_forsaken", queue=queue, interface=interface)

    async def _finish(self, command: Command) -> None:
        async with self._turns.of(command.agent):
            wrap_up = self._wrap_up(command)
            phones = {interface for _, interface in wrap_up.members}
            await let_go(self._switch, phones)
            if wrap_up.held:
                for queue, interface in wrap_up.members:
                    await self._commands.pause(interface, paused=False, queue=queue)
            self._switch.finish_wrap_up(command.agent)

    async def _prolong(self, command: Command) -> None:
        async with self._turns.of(command.agent):
            wrap_up = self._wrap_up(command)
            now = self._switch.switch_now()
            last = wrap_up.since + self._longest_s
            until = min(max(wrap_up.until or now, now) + self._prolong_s, last)
            if until - now < LEAST_S or until <= (wrap_up.until or 0.0):
                raise ControlRefusedError(Refusal.LONGEST_WRAP_UP)
            self._switch.prolong_wrap_up(command.agent, until)
            prolonged = self._tracker.wrap_up_of(command.agent)
            if prolonged is not None:
                await self._hold(prolonged)

    def _wrap_up(self, command: Command) -> WrapUp:
        wrap_up = self._tracker.wrap_up_of(command.agent)
        if wrap_up is None:
            raise ControlRefusedError(Refusal.NO_WRAP_UP)
        return wrap_up

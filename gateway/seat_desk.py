"""Commands to seats, carried out on the switchboard."""

import asyncio
import weakref
from collections.abc import Iterable, Mapping
from typing import Protocol

from gateway.commands import Command, CommandName, Handler
from telephony.ami.client import DEFAULT_TIMEOUT_S, Requester, demand
from telephony.errors import ControlRefusedError, Refusal
from telephony.queues import QueueCommands
from telephony.seats.hold_back import disarm, end_timers, extension_of
from telephony.tracker import Tracker
from telephony.watch import Switch

Member = tuple[str, str]  # queue, interface


class SeatSwitch(Switch, Protocol):
    """What a seat's commands need of the link to the switchboard."""

    @property
    def tracker(self) -> Tracker:
        """The seats as they stand."""

    def finish_wrap_up(self, agent: str) -> None:
        """The agent ended his wrap-up by hand."""


class Turns:
    """One thing at a time for each agent."""

    def __init__(self) -> None:
        self._locks: weakref.WeakValueDictionary[str, asyncio.Lock] = weakref.WeakValueDictionary()

    def of(self, agent: str) -> asyncio.Lock:
        """The lock of ``agent``."""
        return self._locks.setdefault(agent, asyncio.Lock())


class SeatDesk:
    """Logs seats in and out of queues and makes them ready or not; ``queues`` are all there are.

    A seat keeps the telephones that it is logged in with unless the command names others.
    """

    def __init__(self, switch: SeatSwitch, queues: tuple[str, ...], turns: Turns) -> None:
        self._switch = switch
        self._tracker = switch.tracker
        self._commands = QueueCommands(switch)
        self._queues = frozenset(queues)
        self._turns = turns

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command; each may raise any `TelephonyError`."""
        return {
            CommandName.READY: self._log_in,
            CommandName.NOT_READY: self._log_in,
            CommandName.LOG_OUT: self._log_out,
            CommandName.SERVE_QUEUES: self._serve_queues,
        }

    async def _log_out(self, command: Command) -> None:
        async with self._turns.of(command.agent):
            own = {(queue, f"PJSIP/{command.extension}") for queue in self._queues}
            present = self._present(command.agent) or own
            await let_go(self._switch, {interface for _, interface in present})
            for queue, interface in present:
                await self._commands.remove(queue, interface)

    async def _log_in(self, command: Command) -> None:
        async with self._turns.of(command.agent):
            present = self._present(command.agent)
            wanted = self._wanted(command, present)
            self._check_phones(command.agent, present, wanted)
            paused = command.name is CommandName.NOT_READY
            phones = sorted({interface for _, interface in wanted})
            await let_go(self._switch, phones)
            for queue, interface in sorted(wanted - present):
                await self._commands.add(queue, interface, command.agent, paused=paused)
            for interface in phones:
                await self._commands.pause(interface, paused=paused, reason=command.reason)
            for queue, interface in sorted(present - wanted):
                await self._commands.remove(queue, interface)
            self._switch.finish_wrap_up(command.agent)

    async def _serve_queues(self, command: Command) -> None:
        """Change the queues of a seat that is logged in; whoever is paused stays so."""
        async with self._turns.of(command.agent):
            present = self._present(command.agent)
            wanted = self._wanted(command, present) if present else set()
            reason = self._tracker.pause_of(command.agent)
            for queue, interface in sorted(wanted - present):
                paused = reason is not None
                await self._commands.add(queue, interface, command.agent, paused=paused)
                if reason:
                    await self._commands.pause(interface, paused=True, reason=reason, queue=queue)
            for queue, interface in sorted(present - wanted):
                await self._commands.remove(queue, interface)

    def _present(self, agent: str) -> set[Member]:
        """Where the agent is logged in, as far as it is ours to change."""
        return {
            (queue, interface)
            for other, queue, interface in self._tracker.members()
            if other == agent and queue in self._queues
        }

    def _wanted(self, command: Command, present: set[Member]) -> set[Member]:
        queues = command.queues or tuple(self._queues)
        if not self._queues.issuperset(queues):
            raise ControlRefusedError(Refusal.NO_SUCH_QUEUE)
        phones = {f"PJSIP/{extension}" for extension in command.extensions}
        phones = phones or {interface for _, interface in present}
        phones = phones or {f"PJSIP/{command.extension}"}
        return {(queue, phone) for queue in queues for phone in phones}

    def _check_phones(self, agent: str, present: set[Member], wanted: set[Member]) -> None:
        new = {phone for _, phone in wanted} - {phone for _, phone in present}
        others = {phone for other, _, phone in self._tracker.members() if other != agent}
        if new & others:
            raise ControlRefusedError(Refusal.PHONE_TAKEN)
        if new and present and self._tracker.call_of(agent):
            raise ControlRefusedError(Refusal.IN_CALL)


async def let_go(switch: Requester, interfaces: Iterable[str]) -> None:
    """The timers of these telephones end no pause any more, and are ended."""
    for interface in interfaces:
        if extension_of(interface) is not None:
            await demand(switch, disarm(interface))
            await switch.request(end_timers(interface), DEFAULT_TIMEOUT_S)  # refused without one

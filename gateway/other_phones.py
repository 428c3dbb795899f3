"""Two telephones, one agent: while he is busy at one, calls are held back from the other.

Asterisk knows each telephone as a member of its own and would ring the free one. It is paused as in
wrap-up, for a short time that is renewed while the agent is busy, so that a gateway that dies
leaves nobody paused for longer than that.
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress

import structlog

from gateway.seat_desk import SeatSwitch, Turns, let_go
from telephony.errors import TelephonyError
from telephony.events import Event, SeatChanged, SeatState
from telephony.perform import perform
from telephony.queues import QueueCommands
from telephony.seats.hold_back import extension_of, hold_back

HELD_S = 60.0
RENEWED_S = 30.0
_ON_A_CALL = frozenset({SeatState.RINGING, SeatState.TALKING, SeatState.HOLD})

log = structlog.get_logger(__name__)


class OtherPhones:
    """Holds back, and lets go of, the second telephones of one switchboard's seats."""

    def __init__(self, switch: SeatSwitch, turns: Turns, *, is_owner: Callable[[], bool]) -> None:
        self._switch = switch
        self._tracker = switch.tracker
        self._commands = QueueCommands(switch)
        self._turns = turns
        self._is_owner = is_owner
        self._busy: dict[str, asyncio.Event] = {}  # set when the agent is busy no more
        self._begun: asyncio.Queue[str] = asyncio.Queue()  # at most one entry per agent

    def see(self, event: Event) -> None:
        """An agent may have become busy, or free; never blocks."""
        if not isinstance(event, SeatChanged):
            return
        over = self._busy.get(event.agent)
        if event.state not in _ON_A_CALL:
            if over:
                over.set()
        elif over:
            over.clear()
        elif len(event.interfaces) > 1:
            self._busy[event.agent] = asyncio.Event()
            self._begun.put_nowait(event.agent)

    async def run(self) -> None:
        """Work for ever."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                tasks.create_task(self._while_busy(await self._begun.get()))

    async def _while_busy(self, agent: str) -> None:
        over = self._busy[agent]
        held: set[str] = set()
        try:
            while self._is_owner():
                if not over.is_set():
                    held |= await self._hold_others(agent)
                with suppress(TimeoutError):
                    async with asyncio.timeout(RENEWED_S):
                        await over.wait()
                if over.is_set():
                    await self._let_go(agent, held)
                    if over.is_set():  # else he has become busy again meanwhile
                        return
        except TelephonyError as error:  # the switchboard ends it by itself
            log.warning("other_phone_not_held", agent=agent, error=str(error))
        finally:
            del self._busy[agent]

    async def _hold_others(self, agent: str) -> set[str]:
        async with self._turns.of(agent):
            held: dict[str, list[str]] = {}
            for queue, interface in self._tracker.free_members(agent):
                if extension_of(interface) is not None:
                    held.setdefault(interface, []).append(queue)
            for interface, queues in held.items():
                names, token = tuple(sorted(queues)), secrets.token_hex(8)
                await perform(self._switch, hold_back(interface, names, HELD_S, token))
            return set(held)

    async def _let_go(self, agent: str, held: set[str]) -> None:
        """Unless he wraps up: then that holds all of them back."""
        async with self._turns.of(agent):
            if not self._is_owner() or self._tracker.wrap_up_of(agent) is not None:
                return
            await let_go(self._switch, held)
            for queue, interface in self._tracker.held_members(agent):
                await self._commands.pause(interface, paused=False, queue=queue)

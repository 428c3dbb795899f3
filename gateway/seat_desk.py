"""Commands to seats, carried out on the switchboard."""

from collections.abc import Mapping

from gateway.commands import Command, CommandName, Handler
from telephony.ami.client import Requester
from telephony.queues import QueueCommands


class SeatDesk:
    """Logs seats in and out of the queues of one switchboard and makes them ready or not."""

    def __init__(self, requester: Requester, queues: tuple[str, ...]) -> None:
        self._commands = QueueCommands(requester)
        self._queues = queues

    @property
    def handlers(self) -> Mapping[CommandName, Handler]:
        """Who carries out which command; each may raise any `TelephonyError`."""
        return {
            CommandName.READY: self._log_in,
            CommandName.NOT_READY: self._log_in,
            CommandName.LOG_OUT: self._log_out,
        }

    async def _log_out(self, command: Command) -> None:
        for queue in self._queues:
            await self._commands.remove(queue, _interface(command))

    async def _log_in(self, command: Command) -> None:
        paused = command.name is CommandName.NOT_READY
        interface = _interface(command)
        for queue in self._queues:
            await self._commands.add(queue, interface, command.agent, paused=paused)
        await self._commands.pause(interface, paused=paused, reason=command.reason)


def _interface(command: Command) -> str:
    return f"PJSIP/{command.extension}"

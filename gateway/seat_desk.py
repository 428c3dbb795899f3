"""Seat commands of agents, carried out on the switchboard."""

from gateway.commands import SeatAction, SeatCommand
from gateway.errors import SeatRefusedError
from telephony.ami.client import Requester
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    LinkLostError,
    NotConnectedError,
    UnsafeValueError,
)
from telephony.queues import QueueCommands


class SeatDesk:
    """Logs seats in and out of the queues of one switchboard and makes them ready or not."""

    def __init__(self, requester: Requester, queues: tuple[str, ...]) -> None:
        self._commands = QueueCommands(requester)
        self._queues = queues

    async def carry_out(self, command: SeatCommand) -> None:
        """Do ``command``. Raises `SeatRefusedError` with a sentence for the agent."""
        try:
            await self._do(command)
        except NotConnectedError:
            raise SeatRefusedError("与交换机的连接已断开，请稍后重试") from None
        except (LinkLostError, ActionTimeoutError):
            raise SeatRefusedError("交换机没有及时应答，请查看坐席状态后重试") from None
        except ActionRefusedError as error:
            raise SeatRefusedError(f"交换机拒绝了操作：{error}") from None
        except UnsafeValueError:
            raise SeatRefusedError("工号、分机或原因中有不允许的字符") from None

    async def _do(self, command: SeatCommand) -> None:
        interface = f"PJSIP/{command.extension}"
        if command.action is SeatAction.LOG_OUT:
            for queue in self._queues:
                await self._commands.remove(queue, interface)
            return
        paused = command.action is SeatAction.NOT_READY
        for queue in self._queues:
            await self._commands.add(queue, interface, command.agent, paused=paused)
        await self._commands.pause(interface, paused=paused, reason=command.reason)

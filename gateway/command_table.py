"""Every command and who carries it out, and what its failures are to people."""

from collections.abc import Mapping

from gateway.commands import Command, CommandName, Handler
from gateway.errors import CommandRefusedError, CommandSilentError
from gateway.refusals import CHANNEL_GONE, SENTENCES
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    ControlRefusedError,
    LinkLostError,
    NotConnectedError,
    Refusal,
    UnsafeValueError,
)


class CommandTable:
    """Carries out commands by a table of handlers that may raise any `TelephonyError`."""

    def __init__(self, handlers: Mapping[CommandName, Handler]) -> None:
        self._handlers = handlers

    async def carry_out(self, command: Command) -> None:
        """Do ``command``; returns once it is confirmed.

        Raises `CommandRefusedError` and `CommandSilentError` with a sentence for people.
        """
        try:
            await self._handlers[command.name](command)
        except ControlRefusedError as error:
            raise CommandRefusedError(SENTENCES[error.refusal]) from None
        except NotConnectedError:
            raise CommandRefusedError("与交换机的连接已断开，请稍后重试") from None
        except (LinkLostError, ActionTimeoutError):
            sentence = "交换机没有及时应答或确认，请查看坐席和通话状态后重试"
            raise CommandSilentError(sentence) from None
        except ActionRefusedError as error:
            gone = any(text in str(error) for text in CHANNEL_GONE)
            sentence = SENTENCES[Refusal.CALL_ENDED] if gone else f"交换机拒绝了操作：{error}"
            raise CommandRefusedError(sentence) from None
        except UnsafeValueError:
            raise CommandRefusedError("号码、工号、分机或原因中有不允许的字符") from None

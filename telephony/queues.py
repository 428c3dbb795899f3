"""Commands that change who serves which queue; each is done when its answer says so."""

import re

from telephony.ami.action import Action
from telephony.ami.client import DEFAULT_TIMEOUT_S, Requester
from telephony.errors import ActionRefusedError, UnsafeValueError

_QUEUE = re.compile(r"[A-Za-z0-9_.-]{1,64}", re.ASCII)
_INTERFACE = re.compile(r"(PJSIP|SIP|IAX2|Local)/[A-Za-z0-9_.@/-]{1,100}", re.ASCII)
# Asterisk keeps members in its database as text separated by ``;`` and ``|`` (app_queue.c).
_WORD = re.compile(r"[^;|,\x00-\x1f\x7f]{0,40}")


class QueueCommands:
    """Queue membership over one switchboard.

    All raise `UnsafeValueError` (our values may not be sent), `ActionRefusedError` (Asterisk said
    no), `NotConnectedError`, `LinkLostError`, `ActionTimeoutError`.
    """

    def __init__(self, requester: Requester, *, timeout_s: float = DEFAULT_TIMEOUT_S) -> None:
        self._requester = requester
        self._timeout_s = timeout_s

    async def add(
        self, queue: str, interface: str, agent: str, *, paused: bool = False, penalty: int = 0
    ) -> bool:
        """Log ``agent`` in to ``queue``; ``False`` when it was there already."""
        headers: dict[str, str | int] = {
            "Queue": _checked("queue", _QUEUE, queue),
            "Interface": _checked("interface", _INTERFACE, interface),
            "MemberName": _checked("agent", _WORD, agent),
            "Penalty": penalty,
            "Paused": "true" if paused else "false",
        }
        return await self._change(Action("QueueAdd", headers), "Already there")

    async def remove(self, queue: str, interface: str) -> bool:
        """Log the member out of ``queue``; ``False`` when it was not there."""
        headers = {
            "Queue": _checked("queue", _QUEUE, queue),
            "Interface": _checked("interface", _INTERFACE, interface),
        }
        return await self._change(Action("QueueRemove", headers), "Not there")

    async def pause(
        self, interface: str, *, paused: bool, reason: str = "", queue: str | None = None
    ) -> bool:
        """Make the member not ready (with ``reason``) or ready, in one queue or in all of its.

        ``False`` when the interface is in none of them.
        """
        headers = {
            "Interface": _checked("interface", _INTERFACE, interface),
            "Paused": "true" if paused else "false",
            "Reason": _checked("reason", _WORD, reason),
        }
        if queue is not None:
            headers["Queue"] = _checked("queue", _QUEUE, queue)
        return await self._change(Action("QueuePause", headers), "Interface not found")

    async def _change(self, action: Action, unchanged: str) -> bool:
        answer = await self._requester.request(action, self._timeout_s)
        if answer.succeeded:
            return True
        if unchanged in answer.text:
            return False
        raise ActionRefusedError(f"the switchboard refused {action.name}: {answer.text}")


def _checked(what: str, pattern: re.Pattern[str], value: str) -> str:
    if not pattern.fullmatch(value):
        raise UnsafeValueError(f"{value!r} is no {what} that may be sent to the switchboard")
    return value

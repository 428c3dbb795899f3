"""Waiting for what the switchboard says: a command is done when an event shows that it is."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self

from telephony.ami.client import Requester
from telephony.ami.message import Message, event_name
from telephony.errors import ActionTimeoutError, TelephonyError


@dataclass(frozen=True, slots=True)
class Sign:
    """An event of this name with all of these headers."""

    event: str
    headers: tuple[tuple[str, str], ...]

    def is_in(self, message: Message) -> bool:
        """Whether ``message``, an event of this name, has the headers."""
        return all(message.get(key) == value for key, value in self.headers)


def sign(event: str, **headers: str) -> Sign:
    """``sign("Hangup", Uniqueid="1.1")``."""
    return Sign(event, tuple(headers.items()))


class Watch:
    """Waits for the first of some signs, from entering its context on."""

    def __init__(self, watches: "Watches", signs: Iterable[Sign]) -> None:
        self._watches = watches
        self._signs: dict[bytes | None, list[Sign]] = {}
        for one in signs:
            self._signs.setdefault(one.event.encode(), []).append(one)
        self._seen: asyncio.Future[Sign] = asyncio.get_running_loop().create_future()

    def __enter__(self) -> Self:
        """Begin to look."""
        self._watches.add(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no further."""
        self._watches.remove(self)
        self._seen.cancel()

    async def first(self, timeout_s: float) -> Sign:
        """The first sign seen.

        Raises `ActionTimeoutError` when there is none in time, `LinkLostError` when nobody can
        tell any more.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(self._seen)
        except TimeoutError as error:
            raise ActionTimeoutError(f"no confirmation within {timeout_s:g} s") from error

    def see(self, raw: bytes) -> None:
        """Look at one message."""
        signs = self._signs.get(event_name(raw))
        if signs is None or self._seen.done():
            return
        message = Message(raw)
        for one in signs:
            if one.is_in(message):
                self._seen.set_result(one)
                return

    def fail(self, error: TelephonyError) -> None:
        """Nothing more will be seen."""
        if not self._seen.done():
            self._seen.set_exception(error)
            self._seen.exception()  # also when nobody waits for it any more


class Watches:
    """Everybody who waits for a sign on one link."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, watch: Watch) -> None:
        """Let ``watch`` see messages."""
        self._watches.add(watch)

    def remove(self, watch: Watch) -> None:
        """Let ``watch`` see no more."""
        self._watches.discard(watch)

    def see(self, messages: Iterable[bytes]) -> None:
        """Show everybody what came."""
        if self._watches:
            for raw in messages:
                for watch in tuple(self._watches):
                    watch.see(raw)

    def fail(self, error: TelephonyError) -> None:
        """The link is lost."""
        for watch in self._watches:
            watch.fail(error)


class Switch(Requester, Protocol):
    """Whatever sends actions and lets their effects be watched: the `Link`."""

    def watch(self, *signs: Sign) -> Watch:
        """A context that waits for the first of ``signs``; enter it before sending the action."""

"""One AMI connection: a thin asyncio shell around `Session`."""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, cast

from telephony.ami.action import Action
from telephony.ami.rights import check_rights
from telephony.ami.session import Answer, Session
from telephony.errors import (
    ActionRefusedError,
    ActionTimeoutError,
    LinkLostError,
    LoginRefusedError,
    MissingRightsError,
    NotConnectedError,
    PeerError,
    TelephonyError,
)

MAX_PENDING = 1000
DEFAULT_TIMEOUT_S = 5.0

EventSink = Callable[[list[bytes], float], None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and as whom to log in. ``tls`` encrypts (port 5039 by convention)."""

    host: str
    username: str
    secret: str = field(repr=False)
    port: int = 5038
    tls: ssl.SSLContext | None = None


class Requester(Protocol):
    """Whatever can send an action: a `Client`, or the `Link` that owns one."""

    async def request(self, action: Action, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
        """Send ``action`` and return its answer, whatever it says.

        Raises `NotConnectedError` (not sent), `LinkLostError` or `ActionTimeoutError` (whether it
        was done is unknown), `UnsafeValueError` (not sent).
        """


async def demand(
    requester: Requester, action: Action, timeout_s: float = DEFAULT_TIMEOUT_S
) -> Answer:
    """Like ``requester.request``, and raise `ActionRefusedError` when the answer is an error."""
    answer = await requester.request(action, timeout_s)
    if not answer.succeeded:
        raise ActionRefusedError(f"the switchboard refused {action.name}: {answer.text}")
    return answer


class Client(asyncio.Protocol):
    """Reads without ever waiting; events go to ``on_events`` as raw messages, synchronously."""

    def __init__(self, on_events: EventSink) -> None:
        self._on_events = on_events
        self._session = Session()
        self._transport: asyncio.Transport | None = None
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        loop = asyncio.get_running_loop()
        self._greeted: asyncio.Future[None] = loop.create_future()
        self.lost: asyncio.Future[TelephonyError] = loop.create_future()

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        # What create_connection gives; uvloop's does not inherit from asyncio.Transport.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer the actions, hand the events on."""
        received_at = time.time()
        try:
            received = self._session.receive(data)
        except PeerError as error:
            self.abort(error)
            return
        if self._session.version is not None and not self._greeted.done():
            self._greeted.set_result(None)
        for action_id, answer in received.answers:
            if (waiting := self._waiting.pop(action_id, None)) and not waiting.done():
                waiting.set_result(answer)
        if received.events:
            self._on_events(received.events, received_at)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail whatever waits."""
        why = f": {exc}" if exc else " by the switchboard"
        self._fail(LinkLostError(f"the AMI connection was closed{why}"))

    # ours

    def abort(self, error: TelephonyError) -> None:
        """Give the connection up at once, because of ``error``."""
        self._fail(error)
        if self._transport:
            self._transport.abort()

    def _fail(self, error: TelephonyError) -> None:
        if not self.lost.done():
            self.lost.set_result(error)
        if not self._greeted.done():
            self._greeted.set_exception(error)
            self._greeted.exception()  # also when nobody waits for it any more
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(error)
        self._waiting.clear()

    async def request(self, action: Action, timeout_s: float = DEFAULT_TIMEOUT_S) -> Answer:
        """See `Requester`."""
        if self._transport is None or self.lost.done():
            raise NotConnectedError("there is no connection to the switchboard")
        if len(self._waiting) >= MAX_PENDING:
            raise NotConnectedError(f"{MAX_PENDING} actions wait for the switchboard already")
        action_id, data = self._session.request(action)
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[action_id] = waiting
        self._transport.write(data)
        try:
            async with asyncio.timeout(timeout_s):
                return await waiting
        except TimeoutError as error:
            raise ActionTimeoutError(
                f"no answer to {action.name} within {timeout_s:g} s"
            ) from error
        finally:
            self._waiting.pop(action_id, None)
            self._session.forget(action_id)

    async def log_in(self, endpoint: Endpoint, timeout_s: float) -> None:
        """Wait for the greeting, log in, and check that the user may do enough and not too much."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._greeted
        except TimeoutError as error:
            raise ActionTimeoutError(
                f"{endpoint.host}:{endpoint.port} sends no AMI greeting within {timeout_s:g} s"
            ) from error
        login = Action(
            "Login",
            {"Username": endpoint.username, "Secret": endpoint.secret, "Events": "on"},
        )
        answer = await self.request(login, timeout_s)
        if not answer.succeeded:
            raise LoginRefusedError(
                f"the switchboard refused AMI user {endpoint.username!r}: {answer.text}"
            )
        commands = await demand(self, Action("ListCommands"), timeout_s)
        if missing := check_rights(commands.response):
            raise MissingRightsError(
                f"AMI user {endpoint.username!r} may not do {', '.join(sorted(missing))}: "
                "its 'write' line in manager.conf needs agent, call, originate, reporting"
            )


async def connect(endpoint: Endpoint, on_events: EventSink, *, timeout_s: float = 5.0) -> Client:
    """Open a connection and log in.

    Raises `LinkLostError` (nobody there), `ActionTimeoutError` (no answer in time), and as
    `PeerError` what trying again will not mend: `LoginRefusedError`, `ExcessiveRightsError`,
    `MissingRightsError`, or a peer that speaks no AMI.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout_s):
            _, client = await loop.create_connection(
                lambda: Client(on_events), endpoint.host, endpoint.port, ssl=endpoint.tls
            )
    except TimeoutError as error:
        raise ActionTimeoutError(
            f"{endpoint.host}:{endpoint.port} does not answer within {timeout_s:g} s"
        ) from error
    except OSError as error:
        raise LinkLostError(f"cannot reach {endpoint.host}:{endpoint.port}: {error}") from error
    try:
        await client.log_in(endpoint, timeout_s)
    except BaseException:
        client.abort(LinkLostError("the AMI connection was given up"))
        raise
    return client

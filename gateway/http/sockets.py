"""WebSocket hub: one reader of the live stream, many pages.

Each socket has a bounded queue; a page that does not keep up is closed and comes back to a fresh
state, and costs nobody else anything.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog
from aiohttp import web
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateway import live
from gateway.auth import sessions
from gateway.auth.roles import Person, Role
from gateway.live import LiveEvent
from gateway.masking import mask_data

QUEUE_LENGTH = 256
PER_SESSION = 16
CLOSE_TIMEOUT_S = 5.0
CHECK_SESSIONS_S = 5.0

log = structlog.get_logger(__name__)


class Ending(NamedTuple):
    """Why a socket is closed by us (RFC 6455 section 7.4; 4000 and up are our own)."""

    code: int
    reason: str


SLOW = Ending(4008, "too slow")
LOGGED_OUT = Ending(4001, "session ended")
GOING_AWAY = Ending(1001, "going away")


class Addressee(NamedTuple):
    """Whom an event is for.

    An ``agent`` of a switchboard, all of a ``role`` there, a ``login``, the people of a
    ``department``.
    """

    kind: str
    switchboard: str
    value: str


def addressees(event: LiveEvent) -> frozenset[Addressee]:
    """Who besides those who oversee it gets ``event``: the agents it concerns; of a case, who
    opened it and the departments that see it.

    Any agent of the switchboard may ring back, so all of them are told.
    """
    data = event.data
    if event.name.startswith("ringback."):
        return frozenset({Addressee("role", data["switchboard"], Role.AGENT)})
    if event.name.startswith("case."):
        departments = {Addressee("department", "", code) for code in data.get("departments", ())}
        return frozenset({Addressee("login", "", data["opened_by"]), *departments})
    agents = {data.get("agent"), *(part["agent"] for part in data.get("agents", ()))}
    switchboard = data.get("switchboard", "")
    return frozenset(Addressee("agent", switchboard, agent) for agent in agents if agent)


def addresses(person: Person) -> frozenset[Addressee]:
    """Under which names ``person`` gets events."""
    login = Addressee("login", "", person.login)
    if person.department is not None:
        return frozenset({login, Addressee("department", "", person.department)})
    if person.agent is None:
        return frozenset({login})
    role = Addressee("role", person.switchboard, person.role)
    return frozenset({login, role, Addressee("agent", person.switchboard, person.agent)})


def oversees(person: Person, event: LiveEvent) -> bool:
    """Whether ``person`` gets ``event`` whomever it concerns; of what he may not see nothing."""
    confidential = event.data.get("confidential", False)
    return person.role is Role.SUPERVISOR or (person.oversees and not confidential)


def frame(event: LiveEvent) -> str:
    """``event`` as pages get it: numbers masked, the same for every role."""
    return LiveEvent(event.event_id, event.name, event.at, mask_data(event.data)).to_json()


class Socket:
    """One connected page: frames waiting for it, and its end once that is decided."""

    def __init__(self, person: Person, session: str) -> None:
        self.person = person
        self.session = session
        self.ending: Ending | None = None
        self._ended = asyncio.Event()
        self._waiting: asyncio.Queue[str] = asyncio.Queue(QUEUE_LENGTH)

    def offer(self, text: str) -> bool:
        """Queue a frame; ``False`` when there is no room, which ends the socket."""
        try:
            self._waiting.put_nowait(text)
        except asyncio.QueueFull:
            self.end(SLOW)
            return False
        return True

    def end(self, ending: Ending) -> None:
        """Have the socket closed; the first reason stays."""
        self.ending = self.ending or ending
        self._ended.set()

    async def serve(
        self, page: web.WebSocketResponse, hello: str, transport: asyncio.Transport
    ) -> None:
        """Send ``hello`` and then what is offered, until either side ends it."""
        parts = [
            asyncio.create_task(self._send(page, hello)),
            asyncio.create_task(_discard_input(page)),
            asyncio.create_task(self._ended.wait()),
        ]
        try:
            await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for part in parts:
                part.cancel()
            outcomes = await asyncio.gather(*parts, return_exceptions=True)
        _raise_unexpected(outcomes)
        await _close(page, self.ending or Ending(1000, ""), transport)

    async def _send(self, page: web.WebSocketResponse, hello: str) -> None:
        await page.send_str(hello)
        while True:
            await page.send_str(await self._waiting.get())


def _raise_unexpected(outcomes: Iterable[Any]) -> None:
    for outcome in outcomes:
        usual = ConnectionError | asyncio.CancelledError
        if isinstance(outcome, BaseException) and not isinstance(outcome, usual):
            raise outcome


async def _discard_input(page: web.WebSocketResponse) -> None:
    """The wire is one-way: what a page sends is read (pongs, closing) and dropped."""
    async for _message in page:
        pass


async def _close(page: web.WebSocketResponse, ending: Ending, transport: asyncio.Transport) -> None:
    """Tell the page why; one that does not read any more is cut off, with what waits for it."""
    try:
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await page.close(code=ending.code, message=ending.reason.encode(), drain=False)
    except (TimeoutError, ConnectionError):
        log.info("socket_aborted", code=ending.code)
    finally:
        if transport.get_write_buffer_size():
            transport.abort()


@dataclass(slots=True)
class Counts:
    """What happened to sockets since the start."""

    evicted: int = 0
    frames: int = 0


class SocketHub:
    """All sockets of this process. `run` must run for events and for ended sessions."""

    def __init__(self, redis: Redis, *, check_sessions_s: float = CHECK_SESSIONS_S) -> None:
        self._redis = redis
        self._check_sessions_s = check_sessions_s
        self._sockets: set[Socket] = set()
        self._overseers: set[Socket] = set()
        self._by_address: dict[Addressee, set[Socket]] = {}
        self.counts = Counts()

    def __len__(self) -> int:
        return len(self._sockets)

    async def run(self) -> None:
        """Deliver the live stream and close the sockets of ended sessions, for ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._deliver_all())
            tasks.create_task(self._check_sessions())

    def attach(self, socket: Socket) -> bool:
        """Let ``socket`` have events; ``False`` when its session has too many already."""
        if sum(other.session == socket.session for other in self._sockets) >= PER_SESSION:
            return False
        self._sockets.add(socket)
        if socket.person.oversees:
            self._overseers.add(socket)
        else:
            for address in addresses(socket.person):
                self._by_address.setdefault(address, set()).add(socket)
        return True

    def detach(self, socket: Socket) -> None:
        """Forget ``socket``."""
        self._sockets.discard(socket)
        self._overseers.discard(socket)
        for address in addresses(socket.person):
            others = self._by_address.get(address, set())
            others.discard(socket)
            if not others:
                self._by_address.pop(address, None)

    def deliver(self, event: LiveEvent) -> None:
        """Offer ``event`` to whom it is for; it is written out once, however many they are."""
        named = (self._by_address.get(address, set()) for address in addressees(event))
        overseers = {socket for socket in self._overseers if oversees(socket.person, event)}
        receivers = overseers.union(*named)
        if not receivers:
            return
        text = frame(event)
        for socket in receivers:
            if socket.ending is None:
                kept = socket.offer(text)
                self.counts.frames += kept
                self.counts.evicted += not kept

    def end_session(self, session: str) -> None:
        """Close the sockets of a session that ended here."""
        for socket in self._sockets:
            if socket.session == session:
                socket.end(LOGGED_OUT)

    def end_all(self) -> None:
        """Close every socket: this process stops."""
        for socket in self._sockets:
            socket.end(GOING_AWAY)

    async def _deliver_all(self) -> None:
        async for event in live.read(self._redis):
            self.deliver(event)

    async def _check_sessions(self) -> None:
        """Sessions also end elsewhere: by expiry, by a new password, at another process."""
        while True:
            await asyncio.sleep(self._check_sessions_s)
            keys = list({socket.session for socket in self._sockets})
            try:
                found = await sessions.running(self._redis, keys) if keys else []
            except RedisError as error:  # unknown, so nobody is put out; asked again soon
                log.warning("sessions_unchecked", error=type(error).__name__)
                continue
            for key, still in zip(keys, found, strict=True):
                if not still:
                    self.end_session(key)

"""Who gets an event, as pure functions and over sockets that are not connected (FAULTS 32)."""

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.auth.roles import Person, Role
from gateway.http.socket_api import origin_allowed
from gateway.http.sockets import (
    LOGGED_OUT,
    QUEUE_LENGTH,
    SLOW,
    Addressee,
    Socket,
    SocketHub,
    addressees,
    frame,
)
from gateway.live import LiveEvent

AT = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def event(name: str, **data: Any) -> LiveEvent:
    return LiveEvent("e1", name, AT, {"switchboard": "sb1"} | data)


def person(role: Role, login: str, agent: str | None = None, switchboard: str = "sb1") -> Person:
    return Person(
        user_id=1,
        login=login,
        display_name=login,
        role=role,
        agent=agent,
        extension=agent,
        switchboard=switchboard,
    )


def agents(*numbers: str) -> frozenset[Addressee]:
    return frozenset(Addressee("agent", "sb1", number) for number in numbers)


@pytest.mark.parametrize(
    ("happened", "expected"),
    [
        (event("call.queued", agent=None, agents=[]), agents()),
        (event("call.ringing", agent="1001", agents=[]), agents("1001")),
        (event("call.answered", agent="1001", agents=[{"agent": "1001"}]), agents("1001")),
        (
            event("call.transferred", agent="1002", agents=[{"agent": "1001"}, {"agent": "1002"}]),
            agents("1001", "1002"),
        ),
        (event("call.ended", agent=None, agents=[{"agent": "1003"}]), agents("1003")),
        (event("seat.changed", agent="1001", state="ready", call_id=None), agents("1001")),
        (event("rating.given", agent="1001", answer="satisfied"), agents("1001")),
        (event("rating.given", agent=None, answer="satisfied"), agents()),
        (event("survey.answered", attempt_id="a", answers={}), agents()),
        (event("case.opened", opened_by="1001"), frozenset({Addressee("login", "", "1001")})),
    ],
    ids=lambda value: value.name if isinstance(value, LiveEvent) else "",
)
def test_addressees(happened: LiveEvent, expected: frozenset[Addressee]) -> None:
    assert addressees(happened) == expected


def test_frames_have_no_number() -> None:
    text = frame(event("call.ringing", caller="13800000001", agent="1001", agents=[]))
    assert '"caller":"138****0001"' in text
    assert "13800000001" not in text


class Pages:
    """A hub with sockets nobody reads."""

    def __init__(self) -> None:
        self.hub = SocketHub(None)  # type: ignore[arg-type]  # only `run` uses Redis
        self.sockets: dict[str, Socket] = {}

    def add(self, who: Person, session: str = "s") -> Socket:
        socket = Socket(who, session)
        assert self.hub.attach(socket)
        self.sockets[who.login] = socket
        return socket

    def waiting(self) -> dict[str, int]:
        return {login: each._waiting.qsize() for login, each in self.sockets.items()}


async def test_event_goes_to_whom_it_concerns_once() -> None:
    pages = Pages()
    pages.add(person(Role.AGENT, "a", "1001"))
    pages.add(person(Role.AGENT, "b", "1002"))
    pages.add(person(Role.SUPERVISOR, "s", "1001"))  # oversees, and has a seat himself
    pages.add(person(Role.ADMINISTRATOR, "x"))
    pages.hub.deliver(event("call.ringing", agent="1001", agents=[{"agent": "1001"}]))
    assert pages.waiting() == {"a": 1, "b": 0, "s": 1, "x": 1}
    assert pages.hub.counts.frames == 3


async def test_confidential_case_is_told_to_whom_it_may_be_seen_by() -> None:
    pages = Pages()
    pages.add(person(Role.AGENT, "a", "1001"))
    pages.add(person(Role.AGENT, "b", "1002"))
    pages.add(person(Role.SUPERVISOR, "s"))
    pages.add(person(Role.ADMINISTRATOR, "x"))
    pages.hub.deliver(event("case.opened", opened_by="a", confidential=True, departments=[]))
    assert pages.waiting() == {"a": 1, "b": 0, "s": 1, "x": 0}
    pages.hub.deliver(event("case.opened", opened_by="a", confidential=False, departments=[]))
    assert pages.waiting() == {"a": 2, "b": 0, "s": 2, "x": 1}


async def test_login_that_looks_like_an_agent_number_is_not_one() -> None:
    pages = Pages()
    pages.add(person(Role.AGENT, "1002", "1001"))
    pages.add(person(Role.AGENT, "b", "1002"))
    pages.hub.deliver(event("call.ringing", agent="1002", agents=[]))
    assert pages.waiting() == {"1002": 0, "b": 1}
    pages.hub.deliver(event("case.opened", opened_by="1002"))
    assert pages.waiting() == {"1002": 1, "b": 1}


async def test_socket_that_does_not_keep_up_ends_and_the_others_go_on() -> None:
    pages = Pages()
    slow = pages.add(person(Role.SUPERVISOR, "slow"))
    quick = pages.add(person(Role.SUPERVISOR, "quick"))
    for _ in range(QUEUE_LENGTH + 1):
        pages.hub.deliver(event("seat.changed", agent="1001"))
        quick._waiting.get_nowait()
    assert slow.ending == SLOW
    assert quick.ending is None
    assert pages.hub.counts.evicted == 1
    pages.hub.deliver(event("seat.changed", agent="1001"))
    assert pages.hub.counts.evicted == 1


async def test_first_reason_to_end_stays() -> None:
    socket = Socket(person(Role.AGENT, "a", "1001"), "s")
    socket.end(SLOW)
    socket.end(LOGGED_OUT)
    assert socket.ending == SLOW


async def test_detached_socket_gets_nothing_and_leaves_nothing_behind() -> None:
    pages = Pages()
    socket = pages.add(person(Role.AGENT, "a", "1001"))
    pages.hub.detach(socket)
    pages.hub.deliver(event("call.ringing", agent="1001", agents=[]))
    assert pages.waiting() == {"a": 0}
    assert len(pages.hub) == 0
    assert pages.hub._by_address == {}


async def test_session_ends_its_own_sockets() -> None:
    pages = Pages()
    first = pages.add(person(Role.AGENT, "a", "1001"), "s1")
    second = pages.add(person(Role.AGENT, "b", "1002"), "s2")
    pages.hub.end_session("s1")
    assert (first.ending, second.ending) == (LOGGED_OUT, None)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://hotline.example", "hotline.example", True),
        ("https://hotline.example", "hotline.example", True),  # a proxy ends TLS
        ("https://HOTLINE.example:8443", "hotline.example:8443", True),
        ("https://hotline.example:8443", "hotline.example", False),
        ("https://other.example", "hotline.example", False),
        ("https://hotline.example.other.example", "hotline.example", False),
        ("https://hotline.example@other.example", "hotline.example", False),
        ("ftp://hotline.example", "hotline.example", False),
        ("https://cti.example", "hotline.example", True),
        ("https://cti.example/", "hotline.example", False),
        ("null", "hotline.example", False),
        ("", "hotline.example", False),
        ("https://[broken", "hotline.example", False),
    ],
)
def test_origin(origin: str, host: str, allowed: bool) -> None:
    assert origin_allowed(origin, host, ("https://cti.example",)) is allowed


async def test_the_same_number_at_another_switchboard_is_somebody_else() -> None:
    pages = Pages()
    own = pages.add(person(Role.AGENT, "li", "1001"))
    other = pages.add(person(Role.AGENT, "wang", "1001", "sb2"))
    pages.hub.deliver(event("call.ringing", switchboard="sb2", agent="1001", agents=[]))
    assert (own._waiting.qsize(), other._waiting.qsize()) == (0, 1)

"""Ports for servers and telephones of the tests.

All lie below the ephemeral ones, so that no outgoing connection takes one while its server is
down; and all are handed out in turn, so that nobody gets one twice, from a random one, so that test
runs beside each other rarely meet; the processes of one run never do.
"""

import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import cycle

_TRIES = 200
_PROCESSES = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
_PROCESS = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])


def _in_turn(ports: range) -> Iterator[int]:
    ports = ports[_PROCESS::_PROCESSES]
    start = random.randrange(len(ports))  # noqa: S311 where to begin, not a secret
    return cycle([*ports[start:], *ports[:start]])


# Every third: the demonstration's own switchboard takes ports next to the hotline's.
_SERVERS = _in_turn(range(12_000, 19_900, 3))
_MEDIA = _in_turn(range(22_000, 32_000, 6))
# A switchboard takes any free ones of its range: those of one process share it.
SWITCHBOARD_MEDIA = range(20_000, 22_000)[_PROCESS % 5 * 400 :][:400]


def free_port() -> int:
    """One port that is free for TCP and UDP on loopback."""
    return _next_free(_SERVERS, _server_is_free)


def free_ports(count: int) -> list[int]:
    """Different such ports."""
    return [free_port() for _ in range(count)]


def free_media_port() -> int:
    """An even UDP port with the five above it free too: SIPp's RTP and RTCP."""
    return _next_free(_MEDIA, _media_is_free)


def _next_free(ports: Iterator[int], is_free: Callable[[int], bool]) -> int:
    for _ in range(_TRIES):
        port = next(ports)
        if is_free(port):
            return port
    raise OSError(f"no free port among {_TRIES}")


def _server_is_free(port: int) -> bool:
    return _can_bind(socket.SOCK_STREAM, [port]) and _can_bind(socket.SOCK_DGRAM, [port])


def _media_is_free(port: int) -> bool:
    return _can_bind(socket.SOCK_DGRAM, range(port, port + 6))


def _can_bind(kind: socket.SocketKind, ports: list[int] | range) -> bool:
    with ExitStack() as held, suppress(OSError):
        for port in ports:
            probe = held.enter_context(socket.socket(socket.AF_INET, kind))
            probe.bind(("127.0.0.1", port))
        return True
    return False

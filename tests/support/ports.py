"""Ports for servers and telephones of the tests."""

import socket
from contextlib import ExitStack, suppress


def free_port() -> int:
    """One such port."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Different ports that are free for TCP and UDP on loopback at this moment."""
    with ExitStack() as held:
        ports: list[int] = []
        while len(ports) < count:
            tcp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            udp = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            tcp.bind(("127.0.0.1", 0))
            with suppress(OSError):
                udp.bind(tcp.getsockname())
                ports.append(tcp.getsockname()[1])
        return ports

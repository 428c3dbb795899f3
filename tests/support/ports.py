"""Ports for servers and telephones of the tests."""

import random
import socket
from contextlib import ExitStack, closing, suppress


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


def lasting_ports(count: int) -> list[int]:
    """Different UDP ports below the ephemeral ones: nobody gets them while they are not bound."""
    ports: list[int] = []
    for port in random.sample(range(15_000, 20_000), 200):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.append(port)
        if len(ports) == count:
            return ports
    raise OSError("no free ports between 15000 and 20000")


def free_media_port() -> int:
    """An even port below the ephemeral ones with the five above it free too: SIPp's RTP and RTCP.

    Random, so that test runs beside each other rarely meet.
    """
    for port in random.sample(range(22_000, 32_000, 6), 200):
        with ExitStack() as held, suppress(OSError):
            for each in range(port, port + 6):
                probe = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
                probe.bind(("127.0.0.1", each))
            return port
    raise OSError("no free ports for media between 22000 and 32000")

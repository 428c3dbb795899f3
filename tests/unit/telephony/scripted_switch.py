"""A peer on loopback that speaks AMI as scripted: what a real one only does on a bad day."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from telephony.ami.client import Endpoint

OFFERED = {
    "Ping": "<none>",
    "CoreShowChannels": "system,reporting,all",
    "QueueStatus": "<none>",
    "QueueAdd": "agent,all",
    "QueueRemove": "agent,all",
    "QueuePause": "agent,all",
    "Originate": "originate,all",
}

Answer = Callable[[dict[str, str]], str | None]


def ok(text: str = "") -> Answer:
    """A response of success with ``text`` as further headers."""
    return lambda action: f"Response: Success\r\nActionID: {action['ActionID']}\r\n{text}\r\n"


def error(message: str) -> Answer:
    """A response of failure."""
    return lambda action: (
        f"Response: Error\r\nActionID: {action['ActionID']}\r\nMessage: {message}\r\n\r\n"
    )


def items(*events: str) -> Answer:
    """A list answer; each event is its lines without ActionID."""

    def answer(action: dict[str, str]) -> str:
        tag = f"ActionID: {action['ActionID']}\r\n"
        start = f"Response: Success\r\n{tag}EventList: start\r\n\r\n"
        body = "".join(f"{event}\r\n{tag}\r\n" for event in events)
        return f"{start}{body}Event: Complete\r\n{tag}EventList: Complete\r\n\r\n"

    return answer


def silence(action: dict[str, str]) -> None:
    """No answer."""


def offer(commands: dict[str, str]) -> Answer:
    """The answer to ``ListCommands``."""
    return ok("".join(f"{name}: It does.  (Priv: {priv})\r\n" for name, priv in commands.items()))


def usual_answers() -> dict[str, Answer]:
    """What a switchboard at rest answers."""
    return {
        "Login": ok("Message: Authentication accepted\r\n"),
        "ListCommands": offer(OFFERED),
        "Ping": ok("Ping: Pong\r\n"),
        "CoreShowChannels": items(),
        "QueueStatus": items(),
    }


@dataclass
class ScriptedSwitch:
    """Answers by action name; everything it was told is in ``told``."""

    greeting: bytes = b"Asterisk Call Manager/11.0.0\r\n"
    answers: dict[str, Answer] = field(default_factory=usual_answers)
    told: list[dict[str, str]] = field(default_factory=list)
    connections: list[asyncio.StreamWriter] = field(default_factory=list)
    port: int = 0
    _grown: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint("127.0.0.1", "hotline", "not-so-secret", self.port)

    def send(self, data: str | bytes) -> None:
        """Say something on the newest connection."""
        self.connections[-1].write(data.encode() if isinstance(data, str) else data)

    async def until_told(self, name: str, times: int = 1) -> None:
        """Wait until action ``name`` came ``times`` times."""
        async with asyncio.timeout(10), self._grown:
            await self._grown.wait_for(
                lambda: sum(action["Action"] == name for action in self.told) >= times
            )

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.append(writer)
        writer.write(self.greeting)
        try:
            while True:
                raw = (await reader.readuntil(b"\r\n\r\n")).decode()
                action = dict(line.split(": ", 1) for line in raw.splitlines() if line)
                answer = self.answers.get(action["Action"], error("Invalid/unknown command"))
                if (said := answer(action)) is not None:
                    writer.write(said.encode())
                async with self._grown:
                    self.told.append(action)
                    self._grown.notify_all()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def scripted_switch(switch: ScriptedSwitch | None = None) -> AsyncIterator[ScriptedSwitch]:
    """A listening `ScriptedSwitch`."""
    switch = switch or ScriptedSwitch()
    server = await asyncio.start_server(switch._serve, "127.0.0.1", switch.port)
    switch.port = server.sockets[0].getsockname()[1]
    try:
        yield switch
    finally:
        server.close()
        for writer in switch.connections:
            writer.transport.abort()
        await server.wait_closed()

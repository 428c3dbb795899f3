"""Passing answered calls on: by AMI as any program may, or through our own API."""

import asyncio
import random
import re
from collections.abc import Callable, Coroutine, Mapping

from tests.support.capture import Actor
from tests.support.gateway import Api

AGENTS = {str(seat): f"8{seat % 1000:03d}" for seat in range(1001, 1007)}
NOBODYS_SEAT = "1007"  # its telephone is not there
OUTSIDE = "13900000900"
QUEUES = ("12345", "expert")

# Told an AgentConnect, does something with that call.
PassOn = Callable[[bytes, random.Random], Coroutine[None, None, None]]


def header(message: bytes, name: str) -> str:
    """Value of a header of one AMI message."""
    match = re.search(rb"\r\n%b: ([^\r]*)" % name.encode(), message)
    assert match is not None, message
    return match[1].decode()


def by_ami(ami: Actor) -> PassOn:
    """Blind and attended transfers, and redirection to the other queue."""

    async def pass_on(message: bytes, chance: random.Random) -> None:
        how = chance.choice(["BlindTransfer", "Atxfer", "Redirect"])
        target = chance.choice([*AGENTS, OUTSIDE])
        await asyncio.sleep(chance.uniform(0.2, 1.5))
        agent, citizen = header(message, "DestChannel"), header(message, "Channel")
        if how == "Redirect":
            await ami.action("Setvar", Channel=citizen, Variable="QUEUE", Value="expert")
            where = {"Context": "hotline", "Exten": "queue", "Priority": "1"}
            await ami.action("Redirect", Channel=citizen, **where)
            return
        await ami.action(how, Channel=agent, Context="seats", Exten=target)
        if how == "Atxfer":
            await asyncio.sleep(2)
            await ami.action("Hangup", Channel=agent)

    return pass_on


def by_api(browsers: Mapping[str, Api], done: list[str], switchboard: str = "sb1") -> PassOn:
    """What agents do on their pages; ``browsers`` by agent.

    ``done`` collects the commands that were confirmed. A refusal is no fault: the call may be over,
    the colleague busy.
    """

    async def command(agent: str, path: str, body: Mapping[str, str] | None = None) -> bool:
        api = browsers[agent]
        async with api.session.post(f"/api/v1/{path}", json=body) as answer:
            assert answer.status in {202, 409, 504}, await answer.text()
            if answer.status == 202:
                done.append(path.rpartition("/")[2])
            return answer.status == 202

    async def pass_on(message: bytes, chance: random.Random) -> None:
        how = chance.choice(["transfer", "transfer", "complete", "cancel", "conference", "hangup"])
        agent = header(message, "MemberName")
        colleague = chance.choice([{"agent": one} for one in AGENTS.values()])
        anywhere = chance.choice([colleague, {"number": OUTSIDE}, {"queue": chance.choice(QUEUES)}])
        call = f"calls/{switchboard}-{header(message, 'Uniqueid')}"
        await asyncio.sleep(chance.uniform(0.2, 1.2))
        if how == "transfer":
            await command(agent, f"{call}/transfer", anywhere)
        elif how == "hangup":
            await command(agent, f"{call}/hangup")
        elif await command(agent, f"{call}/consult", colleague):
            await asyncio.sleep(chance.uniform(0.2, 2))
            last = "conference" if how == "conference" else f"consult/{how}"
            await command(agent, f"{call}/{last}")

    return pass_on

"""Commands to the switchboard from a request, and what became of them as problems."""

from gateway.auth.roles import Person
from gateway.commands import Command
from gateway.errors import CommandRefusedError, CommandSilentError
from gateway.http.endpoint import Answer
from gateway.http.problems import Problem
from gateway.http.services import Services

RINGING_DEADLINE_S = 45.0  # of an endpoint whose command rings a phone; above its own time


class Confirmed(Answer):
    """The switchboard has done it: an event of its own confirmed that."""

    command: str
    agent: str


async def carry_out(services: Services, switchboard: str, command: Command) -> Confirmed:
    """Have ``command`` done by the owner of ``switchboard``.

    Raises the `Problem` 409 when it was refused, 504 when nothing confirmed it in time.
    """
    link = await services.live.link(switchboard)
    if not link.connected:
        raise Problem(409, "与交换机的连接已断开，暂时不能操作坐席和通话")
    try:
        await services.commands.send(switchboard, command)
    except CommandRefusedError as error:
        raise Problem(409, str(error)) from None
    except CommandSilentError as error:
        raise Problem(504, str(error)) from None
    return Confirmed(command=command.name.value, agent=command.agent)


def seat_holder(person: Person) -> tuple[str, str]:
    """Agent number and extension of ``person``; raises the 409 `Problem` without them."""
    if person.agent is None or person.extension is None:
        raise Problem(409, "您的账号没有配置工号和分机")
    return person.agent, person.extension

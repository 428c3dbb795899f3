"""People of ``make run DEMO=1`` on our side of the lines: logins, and agents who write cases.

Everything goes the way of a real case, so that callbacks follow from it by themselves. Nobody
demonstrates at the seat of `DESK_LOGIN`: that one is for whoever looks at the demonstration.
"""

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.auth.passwords import random_password
from gateway.auth.roles import Role
from gateway.context import Context
from gateway.errors import UserError
from gateway.jobs import enqueue_survey
from gateway.live import LiveEvent, publish, read
from gateway.switchboards import DEMO_AGENTS
from gateway.users import NewUser, create_user, list_users
from ticketing.case import Actor, ActorRole, CaseKind, NewCase
from ticketing.cases import close_case, open_case
from ticketing.errors import CaseConflictError

DESK_LOGIN, DESK_SEAT, DESK_AGENT = "agent8001", "1001", "8001"
CHIEF_LOGIN, CHIEF_SEAT = "chief", "1002"
CALLBACK_DELAY = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class Matter:
    """What people call about in the demonstration."""

    kind: CaseKind
    title: str
    body: str
    result: str


MATTERS = (
    Matter(CaseKind.COMPLAINT, "路灯不亮", "小区门口路灯三天不亮。", "已更换灯具。"),
    Matter(CaseKind.CONSULTATION, "公积金提取", "询问租房提取公积金的材料。", "已告知办理材料。"),
    Matter(CaseKind.HELP, "水管爆裂", "楼前自来水管漏水，路面积水。", "抢修队已修复。"),
    Matter(CaseKind.SUGGESTION, "增设公交站", "建议在学校旁增设公交站。", "已转交通部门研究。"),
    Matter(CaseKind.REPORT, "占道经营", "夜市摊位占用盲道。", "已到现场处理。"),
)


async def add_people(context: Context) -> dict[str, str]:
    """Add the demonstration's logins; those that are new, with their passwords."""
    wanted = [
        NewUser(
            login=f"agent{agent}",
            role=Role.AGENT,
            display_name=f"坐席{agent}",
            agent=agent,
            extension=seat,
            switchboard=context.settings.switchboard,
        )
        for seat, agent in {DESK_SEAT: DESK_AGENT, **DEMO_AGENTS}.items()
    ]
    chief = NewUser(
        login=CHIEF_LOGIN,
        role=Role.SUPERVISOR,
        display_name="值班长",
        extension=CHIEF_SEAT,
        switchboard=context.settings.switchboard,
    )
    wanted.append(chief)
    added: dict[str, str] = {}
    async with context.engines.pool.acquire() as connection:
        for person in wanted:
            password = random_password()
            try:
                await create_user(connection, person, password)
            except UserError:  # added at an earlier start
                continue
            added[person.login] = password
    return {login: added[login] for login in (DESK_LOGIN, CHIEF_LOGIN) if login in added}


async def write_cases(context: Context) -> None:
    """Every answered call of the demonstration's agents becomes a case and is closed, for ever."""
    async with context.engines.pool.acquire() as connection:
        users = await list_users(connection)
    ids = {user.person.agent: user.person for user in users}
    async for event in read(context.engines.redis):
        served = [part["agent"] for part in event.data.get("agents", ())]
        if event.name == "call.ended" and served and served[0] in DEMO_AGENTS.values():
            person = ids[served[0]]
            actor = Actor(user_id=person.user_id, login=person.login, role=ActorRole.AGENT)
            await _write_case(context, event, actor)


async def _write_case(context: Context, call: LiveEvent, actor: Actor) -> None:
    matter = random.choice(MATTERS)  # noqa: S311  # words of a made-up case: no secret hangs on it
    now = context.clock()
    new = NewCase(
        call_id=call.data["call_id"],
        kind=matter.kind,
        title=matter.title,
        body=matter.body,
        caller=call.data["caller"],
    )
    async with context.engines.pool.acquire() as connection, connection.transaction():
        try:
            case = await open_case(connection, new, actor=actor, now=now)
        except CaseConflictError:
            return
        closed = await close_case(
            connection,
            case.case_no,
            result=matter.result,
            version=case.version,
            actor=actor,
            now=now,
        )
        if closed.caller:
            await enqueue_survey(connection, closed.case_id, delay=CALLBACK_DELAY)
    for name in ("case.opened", "case.closed"):
        data: dict[str, Any] = {
            "case_no": closed.case_no,
            "call_id": closed.call_id,
            "opened_by": actor.login,
        }
        event_id = f"{closed.case_no}:{name}"
        await publish(context.engines.redis, LiveEvent(event_id, name, now, data))

"""Cases from before departments keep their history, with versions and states (C4)."""

from typing import Any

import asyncpg
import pytest
from alembic import command

from deploy.migrate import migrate
from ticketing import cases
from ticketing.case import Actor, ActorRole
from ticketing.lifecycle import CaseState, Step
from ticketing.steps import StepRequest, take_step

BEFORE = """
insert into users (login, password_hash, role, display_name, agent, extension)
values ('li', 'x', 'agent', '李', '8001', '1001');
insert into cases (case_no, kind, title, body, state, opened_by, opened_at)
select '20261123-00001', 'help', '路灯不亮', '三天了', 'registered', user_id, now() from users;
insert into cases (case_no, kind, title, body, state, answered_at_once, opened_by, opened_at,
  closed_at, result)
select '20261123-00002', 'help', '停水', '三天了', 'closed', true, user_id, now(), now(), '已告知'
from users;
insert into case_history (case_id, at, actor, step) values
  (1, now(), 'li', 'registered'), (2, now(), 'li', 'registered'),
  (2, now(), 'li', 'answered_at_once');
"""


async def test_history_gets_versions_and_states(
    empty_database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade

    def to_0007(config: Any, _head: str) -> None:
        upgrade(config, "0007")

    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", to_0007)
        await migrate(empty_database_dsn)
    connection = await asyncpg.connect(empty_database_dsn)
    try:
        await connection.execute(BEFORE)
        await migrate(empty_database_dsn)
        closed = await cases.find_case(connection, "20261123-00002")
        assert (closed.state, closed.version, closed.lead) == (CaseState.CLOSED, 2, None)
        steps = [
            (entry.version, entry.step, entry.from_state, entry.to_state)
            for entry in await cases.history(connection, closed.case_id)
        ]
        assert steps == [
            (1, Step.REGISTERED, None, CaseState.REGISTERED),
            (2, Step.ANSWERED_AT_ONCE, CaseState.REGISTERED, CaseState.CLOSED),
        ]
        actor = Actor(user_id=1, login="li", role=ActorRole.AGENT)
        wanted = StepRequest(step=Step.NOTED, version=1, note="已联系")
        async with connection.transaction():
            taken = await take_step(
                connection, "20261123-00001", wanted, actor=actor, now=closed.opened_at
            )
        assert taken.case.version == 2
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="append-only"):
            await connection.execute("update case_history set note = 'x'")
    finally:
        await connection.close()

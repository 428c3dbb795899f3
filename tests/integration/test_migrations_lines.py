"""A hotline that was running before lines and several switchboards goes on with what it has."""

from datetime import date
from typing import Any

import asyncpg
import pytest
from alembic import command

from deploy.migrate import SchemaStanding, migrate, schema_state
from metrics.calls import call_counts, split

DAY = date(2026, 11, 23)
BEFORE = """
insert into users (login, password_hash, role, display_name, agent, extension)
values ('li', 'x', 'agent', '李', '8001', '1001');
insert into switchboard_owners values ('hall', 3, 1, now());
insert into survey_attempts
  (attempt_id, case_id, number, questionnaire, attempt_no, state, claimed_at, dialled_at)
values ('survey-1', 1, '13800000001', 'case_callback_v1', 1, 'dialling', now(), now());
insert into calls (call_id, switchboard, uniqueid, line, caller, queue, arrived_at, offered_at,
  ended_at, outcome, wait_s, revision)
values ('hall-1.1', 'hall', '1.1', '12345', '', '12345', '2026-11-23 08:00+08',
  '2026-11-23 08:00+08', '2026-11-23 08:00:03+08', 'abandoned_queue', 3, 1);
"""


async def test_what_was_there_is_the_only_switchboards(
    empty_database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade = command.upgrade

    def to_0003(config: Any, _head: str) -> None:
        upgrade(config, "0003")

    with monkeypatch.context() as patch:
        patch.setattr(command, "upgrade", to_0003)
        await migrate(empty_database_dsn)
    assert (await schema_state(empty_database_dsn)).standing is SchemaStanding.OLDER
    connection = await asyncpg.connect(empty_database_dsn)
    try:
        await connection.execute(BEFORE)
        await migrate(empty_database_dsn)
        for table in ("users", "survey_attempts"):
            found = await connection.fetchval(f"select switchboard from {table}")  # noqa: S608
            assert found == "hall", table
        counted = await call_counts(connection, DAY, DAY)
        (total,) = split(counted, lambda group: group.line_mode).items()
        assert (total[0], total[1].arrived, total[1].short_abandoned) == ("", 1, 1)
        await connection.execute("delete from calls")  # the totals are of the same rows still
        counted = await call_counts(connection, DAY, DAY)
        assert {(one.arrived, one.short_abandoned) for one in counted.values()} == {(0, 0)}
    finally:
        await connection.close()

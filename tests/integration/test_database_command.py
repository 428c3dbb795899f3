"""Commands of the command line that work on the database: what they say when it goes away."""

from argparse import Namespace
from typing import Any

import asyncpg
import pytest

from gateway.database_command import with_database
from gateway.errors import GatewayError


def test_a_connection_that_is_cut_is_one_sentence(
    database_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOTLINE_DATABASE_URL", database_dsn)

    async def cut_off(connection: Any, _options: Namespace) -> None:
        other = await asyncpg.connect(database_dsn)
        await other.execute("select pg_terminate_backend($1)", connection.get_server_pid())
        await other.close()
        await connection.execute("select 1")

    with pytest.raises(GatewayError, match=r"^\w+: [^\n]+$"):
        with_database(cut_off)(Namespace())

"""Brings a database to the schema of this program: forwards only, one program at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from deploy.errors import DeployError

_LOCK = 0x12345_0001  # any number, as long as nothing else in the database locks it
_LOCK_WAIT_S = 120
_OLDEST_SERVER = 15


class MigrationError(DeployError):
    """The database cannot be brought to this program's schema."""


class DatabaseNewerError(MigrationError):
    """The database was migrated by a newer program than this one."""


class SchemaStanding(StrEnum):
    """How the database's schema compares with this program's."""

    EMPTY = "empty"
    OLDER = "older"
    CURRENT = "current"
    NEWER = "newer"


@dataclass(frozen=True, slots=True)
class SchemaState:
    """The revision found (`None`: no schema yet) beside the one this program wants."""

    found: str | None
    wanted: str
    standing: SchemaStanding


async def schema_state(dsn: str) -> SchemaState:
    """Compare the database with the program; changes nothing.

    Raises `MigrationError` when the database cannot be reached.
    """
    async with _connection(dsn) as connection:
        return await _read_state(connection)


async def migrate(dsn: str) -> SchemaState:
    """Bring the database to this program's schema, in one transaction; return the state reached.

    Several programs may do this at once: one works, the others wait. Raises `DatabaseNewerError`
    when a newer program was here, `MigrationError` when the database cannot be reached, is too old
    a server, or the lock is not given within two minutes.
    """
    async with _connection(dsn) as connection:
        _refuse_old_server(connection)
        _refuse_newer(await _read_state(connection))
    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=lambda: asyncpg.connect(dsn, timeout=30),
        poolclass=NullPool,
    )
    try:
        async with engine.begin() as transaction:
            await transaction.execute(text(f"set local lock_timeout = '{_LOCK_WAIT_S}s'"))
            await transaction.execute(text(f"select pg_advisory_xact_lock({_LOCK})"))
            await transaction.run_sync(_upgrade)
    except (DBAPIError, asyncpg.PostgresError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise MigrationError(
            f"the database could not be migrated, nothing changed: {reason}"
        ) from error
    finally:
        await engine.dispose()
    return await schema_state(dsn)


def _upgrade(connection: Connection) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    return config


async def _read_state(connection: asyncpg.Connection) -> SchemaState:
    scripts = ScriptDirectory.from_config(_config())
    (wanted,) = scripts.get_heads()
    known = {script.revision for script in scripts.walk_revisions()}
    found = None
    if await connection.fetchval("select to_regclass('alembic_version') is not null"):
        found = await connection.fetchval("select version_num from alembic_version")
    return SchemaState(found=found, wanted=wanted, standing=_standing(found, wanted, known))


def _standing(found: str | None, wanted: str, known: set[str]) -> SchemaStanding:
    if found is None:
        return SchemaStanding.EMPTY
    if found == wanted:
        return SchemaStanding.CURRENT
    return SchemaStanding.OLDER if found in known else SchemaStanding.NEWER


def _refuse_newer(state: SchemaState) -> None:
    if state.standing is SchemaStanding.NEWER:
        raise DatabaseNewerError(
            f"the database has schema {state.found}, made by a newer program; this one knows only "
            f"{state.wanted}: install the newer program, or restore the backup made before it"
        )


def _refuse_old_server(connection: asyncpg.Connection) -> None:
    major = connection.get_server_version().major
    if major < _OLDEST_SERVER:
        raise MigrationError(
            f"the database server is PostgreSQL {major}; {_OLDEST_SERVER} or newer is needed"
        )


@asynccontextmanager
async def _connection(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    try:
        connection = await asyncpg.connect(dsn, timeout=30)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        raise MigrationError(
            f"the database cannot be reached: {error or type(error).__name__}"
        ) from None
    try:
        yield connection
    finally:
        await connection.close()

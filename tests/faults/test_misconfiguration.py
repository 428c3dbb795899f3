"""What is set wrongly stops the program with one sentence that names it.

Every kind of wrong value is in tests/unit/gateway/test_settings.py; here the real program meets
the machine, its engines and its files.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from deploy.embedded.postgres import EmbeddedPostgres
from gateway.transcript import DAY
from tests.support.ports import free_ports

ROOT = Path(__file__).parents[2]
SECRET = "open-sesame-1234"
WAIT_S = 60.0

Environment = Mapping[str, object]


@dataclass(frozen=True)
class Ended:
    """A program that has ended."""

    code: int
    error: str

    @property
    def sentence(self) -> str:
        """What it said last, for the person at the terminal."""
        return self.error.strip().rpartition("\n")[2]


async def hotline(directory: Path, *arguments: str, **settings: object) -> Ended:
    """Run the real program with nothing but these settings until it ends by itself."""
    chosen = {f"HOTLINE_{name.upper()}": str(value) for name, value in settings.items()}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("HOTLINE_")}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *arguments),
        cwd=directory,
        env=inherited | {"PYTHONPATH": str(ROOT)} | chosen,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WAIT_S):
            _, error = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Ended(process.returncode, error.decode())


def assert_one_sentence(ended: Ended, *words: str, code: int = 1) -> None:
    """One line for a person with all of ``words``, no stack of calls, no secret, this code."""
    assert ended.code == code, ended.error
    assert ended.sentence.startswith("hotline"), ended.error
    missing = [word for word in words if word not in ended.sentence]
    assert not missing, ended.sentence
    assert "Traceback" not in ended.error
    assert SECRET not in ended.error


WRONG_SETTINGS: dict[str, tuple[Environment, tuple[str, ...]]] = {
    "unknown": ({"http_prot": 8080}, ("HOTLINE_HTTP_PROT", "no setting", "http_port?")),
    "out of range": ({"http_port": 99999}, ("http_port", "65535")),
    "bad URL": (
        {"database_url": f"postgresql://hotline:{SECRET}"},
        ("database_url", "postgresql://user:secret@host:5432/name"),
    ),
    "no file of settings": ({"config": "here/hotline.toml"}, ("here/hotline.toml", "not exist")),
    "production": ({"production": True}, ("HOTLINE_DATABASE_URL must be set", "production")),
    "unusable directory": ({"var_dir": "/dev/null/var"}, ("/dev/null/var", "cannot be used")),
}


@pytest.mark.parametrize("case", WRONG_SETTINGS)
async def test_wrong_setting(tmp_path: Path, case: str) -> None:
    settings, words = WRONG_SETTINGS[case]
    assert_one_sentence(await hotline(tmp_path, "run", **settings), *words)
    assert list(tmp_path.iterdir()) == []  # it stopped before it began anything


async def test_broken_file_of_settings(tmp_path: Path) -> None:
    (tmp_path / "hotline.toml").write_text("http_port: 8080\n")
    assert_one_sentence(await hotline(tmp_path, "run"), "hotline.toml", "line 1")


WRONG_COMMANDS: dict[str, tuple[str, int, tuple[str, ...]]] = {
    "unknown role": ("run --role web,phone", 2, ("switchboard, web, ivr, worker", "web,phone")),
    "unknown command": ("start", 2, ("start", "run", "migrate", "replay", "user")),
    "nothing to migrate": ("migrate", 1, ("HOTLINE_DATABASE_URL must be set",)),
    "missing capture": ("replay here.ami", 1, ("cannot read here.ami", "No such file")),
    "directory": ("replay .", 1, ("cannot read .", "Is a directory")),
    "no capture": ("replay README.md", 1, ("README.md cannot be replayed", "no AMI")),
    "empty capture": ("replay empty.ami", 1, ("empty.ami cannot be replayed", "no AMI")),
    "program": (f"replay {sys.executable}", 1, ("cannot be replayed", "no AMI")),
}


@pytest.mark.parametrize("case", WRONG_COMMANDS)
async def test_wrong_command(tmp_path: Path, case: str) -> None:
    command, code, words = WRONG_COMMANDS[case]
    (tmp_path / "README.md").write_text("# No capture\n\nEvent: this is not one\n")
    (tmp_path / "empty.ami").touch()
    assert_one_sentence(await hotline(tmp_path, *command.split()), *words, code=code)


@pytest.fixture(scope="module")
def guarded_postgres() -> Iterator[str]:
    """URL of a server that asks for a password."""
    (port,) = free_ports(1)
    # Not below pytest's own directory: another run that starts closes that to PostgreSQL's user.
    directory = TemporaryDirectory(prefix="hl-pg-", dir="/tmp")
    with directory as home, asyncio.Runner() as runner:
        server = EmbeddedPostgres(Path(home), tcp_port=port)
        runner.run(server.__aenter__())
        try:
            yield server.tcp_dsn
        finally:
            runner.run(server.__aexit__(None, None, None))


@pytest.mark.parametrize("command", ["run", "migrate", "user list"])
async def test_unreachable_database(tmp_path: Path, command: str) -> None:
    (port,) = free_ports(1)
    url = f"postgresql://hotline:{SECRET}@127.0.0.1:{port}/hotline"
    ended = await hotline(tmp_path, *command.split(), database_url=url)
    assert_one_sentence(ended, "database cannot be reached", str(port))


@pytest.mark.parametrize("command", ["run", "migrate", "user list"])
async def test_wrong_database_password(tmp_path: Path, guarded_postgres: str, command: str) -> None:
    user, _, host = guarded_postgres.rpartition("@")
    url = f"{user.rpartition(':')[0]}:{SECRET}@{host}"
    ended = await hotline(tmp_path, *command.split(), database_url=url)
    assert_one_sentence(ended, "database cannot be reached", "password authentication failed")


async def test_missing_database(tmp_path: Path, guarded_postgres: str) -> None:
    url = guarded_postgres.removesuffix("hotline") + "elsewhere"
    ended = await hotline(tmp_path, "run", database_url=url)
    assert_one_sentence(ended, "database cannot be reached", '"elsewhere" does not exist')


@pytest.mark.parametrize("command", ["run", "migrate", "user list"])
async def test_newer_database(tmp_path: Path, database_dsn: str, command: str) -> None:
    with_future = await asyncpg.connect(database_dsn)
    try:
        await with_future.execute("update alembic_version set version_num = '2099_future'")
        ended = await hotline(tmp_path, *command.split(), database_url=database_dsn)
        assert_one_sentence(ended, "2099_future", "newer")
        kept = await with_future.fetchval("select version_num from alembic_version")
    finally:
        await with_future.close()
    assert kept == "2099_future"


async def test_people_need_a_schema(tmp_path: Path, empty_database_dsn: str) -> None:
    ended = await hotline(tmp_path, "user", "list", database_url=empty_database_dsn)
    assert_one_sentence(ended, "empty", "hotline migrate")


@pytest.fixture
def engines(database_dsn: str, redis_url: str) -> Environment:
    """Settings with which everything would run, on ports of its own."""
    http, metrics, agi = free_ports(3)
    return {
        "database_url": database_dsn,
        "redis_url": redis_url,
        "transcript": DAY,
        "http_port": http,
        "metrics_port": metrics,
        "agi_port": agi,
    }


@pytest.mark.parametrize("setting", ["http_port", "metrics_port", "agi_port"])
async def test_port_in_use(tmp_path: Path, engines: Environment, setting: str) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        ended = await hotline(tmp_path, "run", **{**engines, setting: port})
    assert_one_sentence(ended, f"127.0.0.1:{port}", "in use")


@pytest.mark.parametrize("setting", ["http_host", "metrics_host", "agi_host"])
async def test_address_of_another_machine(
    tmp_path: Path, engines: Environment, setting: str
) -> None:
    ended = await hotline(tmp_path, "run", **{**engines, setting: "192.0.2.1"})
    assert_one_sentence(ended, "192.0.2.1")


async def test_production_starts_no_embedded_redis(tmp_path: Path, database_dsn: str) -> None:
    ended = await hotline(tmp_path, "run", production=True, database_url=database_dsn)
    assert_one_sentence(ended, "HOTLINE_REDIS_URL must be set", "production")


async def test_production_starts_no_switchboard(
    tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    ended = await hotline(
        tmp_path, "run", production=True, database_url=database_dsn, redis_url=redis_url
    )
    assert_one_sentence(ended, "HOTLINE_AMI_URL must be set", "production")


WRONG_TRANSCRIPTS: dict[str, tuple[bytes | None, tuple[str, ...]]] = {
    "missing": (None, ("cannot read", "day.ami", "No such file")),
    "no AMI": (b"<html></html>\r\n\r\n", ("day.ami is no AMI capture",)),
    "line ends": (b"Event: Newchannel\nTimestamp: 1.5\n\n", ("day.ami is no AMI capture",)),
    "no times": (b"Event: Newchannel\r\nUniqueid: 1.5\r\n\r\n", ("Timestamp", "timestampevents")),
}


@pytest.mark.parametrize("case", WRONG_TRANSCRIPTS)
async def test_wrong_transcript(tmp_path: Path, engines: Environment, case: str) -> None:
    content, words = WRONG_TRANSCRIPTS[case]
    file = tmp_path / "day.ami"
    if content is not None:
        file.write_bytes(content)
    assert_one_sentence(await hotline(tmp_path, "run", **{**engines, "transcript": file}), *words)

"""O1: the embedded servers keep their data, leave nothing behind and speak clearly."""

import asyncio
import os
import signal
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import uvloop
from redis.asyncio import Redis

from deploy.embedded.child import eventually
from deploy.embedded.errors import EmbeddedServerError
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.redis import EmbeddedRedis

ROOT = Path(__file__).parents[2]
POSTGRES_PORT, REDIS_PORT = 16201, 16202


@pytest.fixture
def home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hl-", dir="/tmp") as directory:
        yield Path(directory)


async def query(dsn: str, sql: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(sql)
    finally:
        await connection.close()


async def gone(pid: int) -> bool:
    return await eventually(lambda: _absent(pid), deadline_s=20)


async def _absent(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_postgres_finds_its_data_again_and_ends(home: Path) -> None:
    async with EmbeddedPostgres(home) as server:
        await query(server.dsn, "create table kept as select 12345 as line")
        first = server.pid
    assert first is not None
    assert await gone(first)
    async with EmbeddedPostgres(home) as server:
        assert await query(server.dsn, "select line from kept") == 12345
        assert str(await query(server.dsn, "show server_version")).startswith("18")
        assert await query(server.dsn, "show listen_addresses") == ""


async def test_postgres_over_tcp_wants_the_password(home: Path) -> None:
    async with EmbeddedPostgres(home, tcp_port=POSTGRES_PORT) as server:
        assert await query(server.tcp_dsn, "select 1") == 1
        wrong = f"postgresql://hotline:wrong@127.0.0.1:{POSTGRES_PORT}/hotline"
        with pytest.raises(asyncpg.InvalidPasswordError):
            await query(wrong, "select 1")


async def test_path_too_long_for_a_socket(home: Path) -> None:
    deep = home / ("d" * 60) / ("e" * 60)
    async with EmbeddedPostgres(deep) as postgres, EmbeddedRedis(deep / "redis") as redis:
        assert await query(postgres.dsn, "select 1") == 1
        async with Redis.from_url(redis.url) as client:
            assert await client.ping()


async def test_two_programs_on_one_directory(home: Path) -> None:
    async with EmbeddedRedis(home):
        with pytest.raises(EmbeddedServerError, match=f"already uses {home}"):
            await EmbeddedRedis(home).__aenter__()


async def test_port_in_use(home: Path) -> None:
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", REDIS_PORT)
    async with taken:
        with pytest.raises(EmbeddedServerError, match="in use"):
            await EmbeddedRedis(home / "redis", tcp_port=REDIS_PORT).__aenter__()
        with pytest.raises(EmbeddedServerError, match="in use"):
            await EmbeddedPostgres(home / "postgres", tcp_port=REDIS_PORT).__aenter__()


async def test_data_of_another_postgres_version(home: Path) -> None:
    async with EmbeddedPostgres(home):
        pass
    (home / "data" / "PG_VERSION").write_text("16\n")
    with pytest.raises(EmbeddedServerError, match="made by PostgreSQL 16"):
        await EmbeddedPostgres(home).__aenter__()


async def test_unusable_directory(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(EmbeddedServerError, match="cannot be used"):
        await EmbeddedPostgres(home / "file" / "postgres").__aenter__()


async def test_redis_keeps_data_over_tcp_too(home: Path) -> None:
    async with EmbeddedRedis(home, tcp_port=REDIS_PORT) as server:
        async with Redis(host="127.0.0.1", port=REDIS_PORT) as client:
            await client.set("kept", "yes")
        first = server.pid
    assert first is not None
    assert await gone(first)
    async with EmbeddedRedis(home) as server, Redis.from_url(server.url) as client:
        assert await client.get("kept") == b"yes"


def test_under_uvloop(home: Path) -> None:
    async def start_both() -> object:
        async with EmbeddedPostgres(home / "postgres") as postgres, EmbeddedRedis(home / "redis"):
            return await query(postgres.dsn, "select 1")

    assert uvloop.run(start_both()) == 1


async def test_directories_are_private(home: Path) -> None:
    async with EmbeddedPostgres(home / "postgres"), EmbeddedRedis(home / "redis"):
        modes = [(home / name).stat().st_mode for name in ("postgres", "redis")]
    assert [stat.S_IMODE(mode) for mode in modes] == [0o700, 0o700]


HOLD = """
import asyncio, sys
from pathlib import Path
from deploy.embedded.postgres import EmbeddedPostgres
from deploy.embedded.redis import EmbeddedRedis

async def main():
    home = Path(sys.argv[1])
    postgres, redis = EmbeddedPostgres(home / "postgres"), EmbeddedRedis(home / "redis")
    async with postgres, redis:
        print(postgres.pid, redis.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
async def test_killed_program_leaves_no_server_and_no_lock(home: Path) -> None:
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HOLD, str(home)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert holder.stdout is not None
    pids = [int(part) for part in (await holder.stdout.readline()).split()]
    assert len(pids) == 2
    holder.kill()
    await holder.wait()
    async with EmbeddedPostgres(home / "postgres") as postgres, EmbeddedRedis(home / "redis"):
        assert await query(postgres.dsn, "select 1") == 1
        assert all([await gone(pid) for pid in pids])


async def test_server_left_running_is_ended_first(home: Path) -> None:
    """Where the kernel cannot end the server for us, the next start does."""
    server = EmbeddedRedis(home)
    async with server:
        pid = server.pid
        assert pid is not None
        # The owner's lock goes, as in its death; the server stays.
        (home / "lock").unlink()
        async with EmbeddedRedis(home) as second:
            assert second.pid != pid
            assert await gone(pid)


async def test_everything_killed_hard(home: Path) -> None:
    """A postmaster.pid and a socket of dead processes are in nobody's way."""
    async with EmbeddedPostgres(home) as server:
        assert server.pid is not None
        await query(server.dsn, "create table kept as select 1 as one")
        os.kill(server.pid, signal.SIGKILL)
    assert (home / "data" / "postmaster.pid").exists()
    async with EmbeddedPostgres(home) as server:
        assert await query(server.dsn, "select one from kept") == 1

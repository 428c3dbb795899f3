"""A switchboard or Redis that cannot be worked with: the component is not ready and says why.

The program goes on, because what is wrong may be put right at the other end.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest
from redis.asyncio import Redis

from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.embedded.redis import EmbeddedRedis
from gateway.transcript import DAY
from tests.support.asterisk import ensure_asterisk_root, make_short_prompts, short_settings
from tests.support.gateway import Gateway, gateway_on
from tests.support.live import until
from tests.support.ports import free_ports

SECRET = "open-sesame-1234"
# AMI users beside our own: name, what they may write.
USERS = {
    "operator": "system,call,agent,originate,reporting",
    "console": "command,call,agent,originate,reporting",
    "reader": "call",
}


def manager_conf(switchboard: AsteriskInstance) -> Path:
    """The file of the AMI users, read anew by ``manager reload``."""
    return switchboard.directory / "srv" / "etc" / "manager.conf"


@pytest.fixture(scope="module")
def switchboard(
    switchboard_here: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AsteriskInstance]:
    """A switchboard that has AMI users with the wrong rights as well."""
    directory = tmp_path_factory.mktemp("switchboard")
    prompts = make_short_prompts(directory / "prompts")
    instance = AsteriskInstance(
        ensure_asterisk_root(), directory / "instance", prompts, short_settings()
    )
    with asyncio.Runner() as runner:
        runner.run(instance.start())
        with manager_conf(instance).open("a") as file:
            for name, rights in USERS.items():
                file.write(f"\n[{name}]\nsecret = {SECRET}\nread = all\nwrite = {rights}\n")
        runner.run(instance.cli("manager reload"))
        try:
            yield instance
        finally:
            runner.run(instance.stop())


@asynccontextmanager
async def running(
    directory: Path, database: str, redis: str, **settings: object
) -> AsyncIterator[Gateway]:
    """A gateway that runs, ready or not, until the end of the block."""
    gateway = gateway_on(directory, database=database, redis=redis, ami=None, **settings)
    await gateway.start(ready=False)
    try:
        yield gateway
    finally:
        code = await gateway.stop()
    assert code == 0, gateway.last_words()
    assert SECRET not in gateway.log.read_text("utf-8")
    assert "Traceback" not in gateway.log.read_text("utf-8")


async def component(gateway: Gateway, name: str) -> dict[str, Any]:
    """How ``name`` is, by ``/readyz``, which must agree with it."""
    async with aiohttp.ClientSession() as session:
        try:
            async with session.get(f"{gateway.url}/readyz") as answer:
                conditions = await answer.json()
        except aiohttp.ClientConnectionError:
            return {"ready": False, "detail": "does not listen yet"}
    found: dict[str, Any] = conditions["components"][name]
    if not found["ready"]:
        assert (answer.status, conditions["ready"]) == (503, False)
    return found


async def assert_not_ready(gateway: Gateway, name: str, *words: str) -> None:
    """``name`` is not ready, all of ``words`` are in the sentence, and the program goes on."""

    def fits(found: dict[str, Any]) -> bool:
        return not found["ready"] and all(word in found["detail"] for word in words)

    found = await until(lambda: component(gateway, name), fits)
    assert SECRET not in found["detail"]
    assert gateway.process is not None
    assert gateway.process.returncode is None, gateway.last_words()


WRONG_RIGHTS = {
    "operator": ("write rights config, system", "take system, command and config out"),
    "console": ("write rights command", "take system, command and config out"),
    "reader": ("'reader' may not do", "Originate", "QueueAdd", "needs agent, call, originate"),
}


@pytest.mark.parametrize("user", WRONG_RIGHTS)
async def test_wrong_rights(
    tmp_path: Path, switchboard: AsteriskInstance, database_dsn: str, redis_url: str, user: str
) -> None:
    ami = f"ami://{user}:{SECRET}@127.0.0.1:{switchboard.ami_port}"
    async with running(tmp_path, database_dsn, redis_url, ami_url=ami) as gateway:
        await assert_not_ready(gateway, "switchboard", *WRONG_RIGHTS[user])
        assert re.search(r'"status": "refused".*"level": "error"', gateway.log.read_text("utf-8"))


async def test_wrong_secret_put_right(
    tmp_path: Path, switchboard: AsteriskInstance, database_dsn: str, redis_url: str
) -> None:
    """No restart is needed when the switchboard is put right."""
    ami = f"ami://late:{SECRET}@127.0.0.1:{switchboard.ami_port}"
    async with running(tmp_path, database_dsn, redis_url, ami_url=ami) as gateway:
        await assert_not_ready(gateway, "switchboard", "refused AMI user 'late'")
        with manager_conf(switchboard).open("a") as file:
            rights = "call,agent,originate,reporting"
            file.write(f"\n[late]\nsecret = {SECRET}\nread = all\nwrite = {rights}\n")
        await switchboard.cli("manager reload")
        await until(lambda: component(gateway, "switchboard"), lambda found: bool(found["ready"]))


async def test_own_user_with_a_wrong_secret(
    tmp_path: Path, switchboard: AsteriskInstance, database_dsn: str, redis_url: str
) -> None:
    ami = f"ami://hotline:{SECRET}@127.0.0.1:{switchboard.ami_port}"
    async with running(tmp_path, database_dsn, redis_url, ami_url=ami) as gateway:
        await assert_not_ready(
            gateway, "switchboard", "refused AMI user 'hotline'", "Authentication failed"
        )
    assert quote(switchboard.secrets.ami, safe="") not in gateway.log.read_text("utf-8")


async def test_nobody_listens(tmp_path: Path, database_dsn: str, redis_url: str) -> None:
    (port,) = free_ports(1)
    ami = f"ami://hotline:{SECRET}@127.0.0.1:{port}"
    async with running(tmp_path, database_dsn, redis_url, ami_url=ami) as gateway:
        await assert_not_ready(gateway, "switchboard", f"cannot reach 127.0.0.1:{port}")


Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def greeting_with(words: bytes) -> Peer:
    """A server that says ``words`` at once and then waits until it is left."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(words)
        await reader.read()
        writer.close()

    return serve


STRANGERS: dict[str, tuple[bytes, tuple[str, ...]]] = {
    "SSH": (b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n", ("no AMI", "greets with", "SSH-2.0")),
    "silent": (b"", ("sends no AMI greeting within 5 s",)),
    "lying": (
        b"Asterisk Call Manager/11.0.0\r\n<html>\r\n\r\n",
        ("no AMI: a message starts with", "<html>"),
    ),
}


@pytest.mark.parametrize("kind", STRANGERS)
async def test_no_ami(tmp_path: Path, database_dsn: str, redis_url: str, kind: str) -> None:
    words, sentence = STRANGERS[kind]
    server = await asyncio.start_server(greeting_with(words), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        ami = f"ami://hotline:{SECRET}@127.0.0.1:{port}"
        async with running(tmp_path, database_dsn, redis_url, ami_url=ami) as gateway:
            await assert_not_ready(gateway, "switchboard", *sentence)


async def test_ami_without_tls(
    tmp_path: Path, switchboard: AsteriskInstance, database_dsn: str, redis_url: str
) -> None:
    ami = f"amis://hotline:{SECRET}@127.0.0.1:{switchboard.ami_port}"
    async with running(tmp_path, database_dsn, redis_url, ami_url=ami) as gateway:
        await assert_not_ready(gateway, "switchboard", "cannot reach", "SSL")


async def test_unreachable_redis(tmp_path: Path, database_dsn: str) -> None:
    (port,) = free_ports(1)
    redis = f"redis://:{SECRET}@127.0.0.1:{port}/0"
    async with running(tmp_path, database_dsn, redis, transcript=DAY) as gateway:
        await assert_not_ready(gateway, "redis", "redis does not answer", "ConnectionError")


async def test_wrong_redis_password(tmp_path: Path, database_dsn: str) -> None:
    (port,) = free_ports(1)
    async with EmbeddedRedis(tmp_path / "redis", tcp_port=port) as server:
        administrator = Redis.from_url(server.url)
        await administrator.config_set("requirepass", "another secret")
        await administrator.aclose()
        redis = f"redis://:{SECRET}@127.0.0.1:{port}/0"
        async with running(tmp_path, database_dsn, redis, transcript=DAY) as gateway:
            await assert_not_ready(gateway, "redis", "redis does not answer", "Authentication")

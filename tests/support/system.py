"""Asterisk, engines and gateway together, for the tests of the whole."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.asterisk import running_switchboard, short_settings
from tests.support.gateway import Gateway, add_people, gateway_on
from tests.support.proxy import FaultProxy, fault_proxy


@dataclass
class System:
    """A switchboard and the gateway that works for it."""

    switchboard: AsteriskInstance
    gateway: Gateway
    database_dsn: str
    proxy: FaultProxy | None = None  # between the two, where it was asked for


@asynccontextmanager
async def running_system(
    directory: Path,
    database_dsn: str,
    redis_url: str,
    switchboard: Mapping[str, object] | None = None,
    proxied: bool = False,
    **settings: object,
) -> AsyncIterator[System]:
    """Everything up and ready; the gateway is stopped at the end and must stop cleanly.

    ``switchboard`` are settings of the switchboard, ``settings`` those of the gateway; ``proxied``
    puts a `FaultProxy` between the two.
    """
    wanted = short_settings(**(switchboard or {}))
    async with AsyncExitStack() as stack:
        instance = await stack.enter_async_context(running_switchboard(directory, wanted))
        proxy = None
        if proxied:
            proxy = await stack.enter_async_context(fault_proxy(instance.ami_port))
        await add_people(database_dsn)
        port = proxy.port if proxy else None
        gateway = gateway_for(instance, directory, database_dsn, redis_url, port, **settings)
        await gateway.start()
        try:
            yield System(instance, gateway, database_dsn, proxy)
        finally:
            await gateway.stop()


def gateway_for(
    switchboard: AsteriskInstance,
    directory: Path,
    database_dsn: str,
    redis_url: str,
    ami_port: int | None = None,
    **settings: object,
) -> Gateway:
    """A gateway for this switchboard, not started; ``ami_port`` is a proxy's."""
    secret = quote(switchboard.secrets.ami, safe="")
    return gateway_on(
        directory,
        database=database_dsn,
        redis=redis_url,
        ami=f"ami://hotline:{secret}@127.0.0.1:{ami_port or switchboard.ami_port}",
        **{
            "agi_port": switchboard.settings.agi_port,
            "queue_log": switchboard.queue_log,
            "cel_csv": switchboard.cel_csv,
            "recordings_dir": switchboard.recordings,
            **settings,
        },
    )

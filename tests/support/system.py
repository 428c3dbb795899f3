"""Asterisk, engines and gateway together, for the tests of the whole."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.asterisk import running_switchboard, short_settings
from tests.support.gateway import Gateway, add_people, gateway_on


@dataclass
class System:
    """A switchboard and the gateway that works for it."""

    switchboard: AsteriskInstance
    gateway: Gateway
    database_dsn: str


@asynccontextmanager
async def running_system(
    directory: Path,
    database_dsn: str,
    redis_url: str,
    switchboard: Mapping[str, object] | None = None,
    **settings: object,
) -> AsyncIterator[System]:
    """Everything up and ready; the gateway is stopped at the end and must stop cleanly.

    ``switchboard`` are settings of the switchboard, ``settings`` those of the gateway.
    """
    wanted = short_settings(**(switchboard or {}))
    async with running_switchboard(directory, wanted) as instance:
        await add_people(database_dsn)
        gateway = gateway_for(instance, directory, database_dsn, redis_url, **settings)
        await gateway.start()
        try:
            yield System(instance, gateway, database_dsn)
        finally:
            await gateway.stop()


def gateway_for(
    switchboard: AsteriskInstance,
    directory: Path,
    database_dsn: str,
    redis_url: str,
    **settings: object,
) -> Gateway:
    """A gateway for this switchboard, not started."""
    secret = quote(switchboard.secrets.ami, safe="")
    return gateway_on(
        directory,
        database=database_dsn,
        redis=redis_url,
        ami=f"ami://hotline:{secret}@127.0.0.1:{switchboard.ami_port}",
        **{
            "agi_port": switchboard.settings.agi_port,
            "queue_log": switchboard.queue_log,
            "cel_csv": switchboard.cel_csv,
            **settings,
        },
    )

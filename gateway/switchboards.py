"""Which switchboard: an existing one by URL, a local Asterisk, or a recorded transcript."""

import os
import shutil
import ssl
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import structlog

from deploy.asterisk_config import AsteriskSettings
from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.embedded.asterisk_root import cache_directory, ensure_asterisk_root
from deploy.embedded.demo import DemoTown
from deploy.embedded.prompts import ensure_prompts
from gateway.errors import SettingsError
from gateway.settings import Settings
from telephony.ami.client import Endpoint

LOCAL_SEATS = tuple(str(number) for number in range(1001, 1011))
# The first seats are left to whoever sits in front of a page.
DEMO_AGENTS = {seat: f"8{seat[1:]}" for seat in LOCAL_SEATS[4:]}

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Switchboard:
    """How to reach a switchboard, and where its own records are.

    ``endpoint`` is ``None`` where only a transcript is replayed; ``local`` is the Asterisk that
    this process started, ``town`` the demonstration's people, who call while ``town.run()`` runs.
    """

    endpoint: Endpoint | None
    queue_log: Path | None
    cel_csv: Path | None
    local: AsteriskInstance | None = None
    town: DemoTown | None = None


async def start_switchboard(
    settings: Settings, stack: AsyncExitStack, *, demo: bool
) -> Switchboard:
    """Find the switchboard of the settings, or start one that lives as long as ``stack``."""
    if settings.ami_url is not None:
        endpoint = parse_ami_url(settings.ami_url.get_secret_value())
        return Switchboard(endpoint, settings.queue_log, settings.cel_csv)
    if settings.production:
        raise SettingsError("HOTLINE_AMI_URL must be set: production does not start an Asterisk")
    if why := why_no_local_asterisk():
        log.warning("no_switchboard", reason=why, instead="a recorded transcript is replayed")
        return Switchboard(None, None, None)
    return await _start_local(settings, stack, demo=demo)


def parse_ami_url(url: str) -> Endpoint:
    """``ami://user:secret@host:5038`` or ``amis://…`` (TLS). Raises `SettingsError`."""
    form = "setting ami_url: must look like ami://user:secret@host:5038, or amis:// for TLS"
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise SettingsError(form) from None
    if parts.scheme not in {"ami", "amis"} or not (parts.hostname and parts.username):
        raise SettingsError(form)
    tls = ssl.create_default_context() if parts.scheme == "amis" else None
    return Endpoint(
        host=parts.hostname,
        username=unquote(parts.username),
        secret=unquote(parts.password or ""),
        port=port or (5039 if tls else 5038),
        tls=tls,
    )


def why_no_local_asterisk() -> str:
    """One sentence why Asterisk cannot be started here, or nothing."""
    if os.geteuid() != 0:
        return "starting a local Asterisk needs root"
    if not shutil.which("apt-get"):
        return "a local Asterisk is brought by debootstrap, which needs a Debian-like system"
    return ""


async def _start_local(settings: Settings, stack: AsyncExitStack, *, demo: bool) -> Switchboard:
    wanted = AsteriskSettings(
        agi_host=settings.agi_host,
        agi_port=settings.agi_port,
        queues=settings.queues,
        seats=LOCAL_SEATS,
    )
    root = ensure_asterisk_root()
    prompts = ensure_prompts(cache_directory())
    instance = AsteriskInstance(root, (settings.var_dir / "asterisk").resolve(), prompts, wanted)
    await instance.start()
    stack.push_async_callback(instance.stop)
    endpoint = Endpoint("127.0.0.1", "hotline", instance.secrets.ami, instance.ami_port)
    town = await _start_town(settings, instance, stack) if demo else None
    return Switchboard(endpoint, instance.queue_log, instance.cel_csv, instance, town)


async def _start_town(
    settings: Settings, hotline: AsteriskInstance, stack: AsyncExitStack
) -> DemoTown:
    town = DemoTown(hotline, (settings.var_dir / "town").resolve(), agents=DEMO_AGENTS)
    await town.start()
    stack.push_async_callback(town.stop)
    return town

"""Which switchboard: an existing one by URL, a local Asterisk, or a recorded transcript."""

import os
import shutil
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from deploy.asterisk_config import AsteriskSettings
from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.embedded.asterisk_root import cache_directory, ensure_asterisk_root
from deploy.embedded.demo import DemoTown
from deploy.embedded.prompts import ensure_prompts
from gateway.errors import SettingsError
from gateway.settings import Settings
from gateway.transcript import DAY, check_transcript, notice
from gateway.urls import ami_endpoint
from telephony.ami.client import Endpoint

LOCAL_SEATS = tuple(str(number) for number in range(1001, 1011))
# The first seats are left to whoever sits in front of a page.
DEMO_AGENTS = {seat: f"8{seat[1:]}" for seat in LOCAL_SEATS[4:]}


@dataclass(frozen=True, slots=True)
class Switchboard:
    """How to reach a switchboard, and where its own records are: files, or tables.

    ``endpoint`` is a switchboard's AMI, ``local`` the Asterisk behind it where this process started
    it, ``town`` the demonstration's people, who call while ``town.run()`` runs; without an endpoint
    ``transcript`` is replayed, and ``notice`` says what that means.
    """

    endpoint: Endpoint | None
    queue_log: Path | None = None
    cel_csv: Path | None = None
    records_dsn: str | None = None
    local: AsteriskInstance | None = None
    town: DemoTown | None = None
    transcript: Path | None = None
    notice: str = ""

    @property
    def keeps_records(self) -> bool:
        """Whether calls can be read out of its records."""
        return self.cel_csv is not None or self.records_dsn is not None


async def start_switchboard(
    settings: Settings, stack: AsyncExitStack, *, demo: bool
) -> Switchboard:
    """Find the switchboard of the settings, or start one that lives as long as ``stack``."""
    if settings.ami_url is not None:
        endpoint = ami_endpoint(settings.ami_url.get_secret_value())
        url = settings.records_url
        records = None if url is None else url.get_secret_value()
        return Switchboard(endpoint, settings.queue_log, settings.cel_csv, records)
    if settings.production:
        raise SettingsError("HOTLINE_AMI_URL must be set: production does not start an Asterisk")
    if settings.transcript is not None:
        return _replayed(settings.transcript, "HOTLINE_TRANSCRIPT is set")
    if why := why_no_local_asterisk():
        return _replayed(DAY, why)
    return await _start_local(settings, stack, demo=demo)


def local_directory(settings: Settings) -> Path:
    """Where a local Asterisk keeps what is its own."""
    return (settings.var_dir / "asterisk").resolve()


def _replayed(path: Path, why: str) -> Switchboard:
    check_transcript(path)
    return Switchboard(None, transcript=path, notice=notice(path, why))


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
        switchboard=settings.switchboard,
        wrapup_s=1 if settings.wrap_up_s else 0,  # until calls are held back: decision 0013
    )
    _refuse_unusable(settings.var_dir)
    root = ensure_asterisk_root()
    prompts = ensure_prompts(cache_directory())
    instance = AsteriskInstance(root, local_directory(settings), prompts, wanted)
    await instance.start()
    stack.push_async_callback(instance.stop)
    endpoint = Endpoint("127.0.0.1", "hotline", instance.secrets.ami, instance.ami_port)
    town = await _start_town(settings, instance, stack) if demo else None
    return Switchboard(endpoint, instance.queue_log, instance.cel_csv, None, instance, town)


async def _start_town(
    settings: Settings, hotline: AsteriskInstance, stack: AsyncExitStack
) -> DemoTown:
    town = DemoTown(hotline, (settings.var_dir / "town").resolve(), agents=DEMO_AGENTS)
    await town.start()
    stack.push_async_callback(town.stop)
    return town


def _refuse_unusable(var_dir: Path) -> None:
    try:
        (var_dir / "asterisk").mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"setting var_dir: {var_dir} cannot be used: {error.strerror}"
        ) from None

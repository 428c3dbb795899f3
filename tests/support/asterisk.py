"""The real switchboard of the tests: one cached root, as many instances as tests want."""

import os
import re
import shutil
import wave
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.asterisk_config import AsteriskSettings
from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.embedded.asterisk_root import asterisk_root_path, cache_directory, ensure_asterisk_root
from deploy.embedded.prompts import PROMPTS_FILE, read_prompts
from tests.support.capture import Actor, AmiRecorder
from tests.support.ports import SWITCHBOARD_MEDIA, free_ports


def why_no_switchboard() -> str | None:
    """The exact reason why no real Asterisk can run here; None when it can."""
    if os.geteuid() != 0:
        return "needs root: the test switchboard mounts and changes its root directory"
    if not shutil.which("sipp"):
        return "needs SIPp (Debian package sip-tester)"
    if not asterisk_root_path(cache_directory()).is_dir() and not shutil.which("apt-get"):
        return "needs a Debian-like system to bring Asterisk by debootstrap"
    return None


def short_settings(**changes: object) -> AsteriskSettings:
    """Settings with free ports and short times, so that a test waits seconds, not minutes."""
    ami, sip, http, agi, trunk = free_ports(5)
    values: dict[str, object] = {
        "ami_port": ami, "sip_port": sip, "http_port": http, "agi_port": agi, "trunk_port": trunk,
        "rtp_start": SWITCHBOARD_MEDIA[0], "rtp_end": SWITCHBOARD_MEDIA[-1],
        "entry_timeout_s": 2, "ring_timeout_s": 4, "queue_timeout_s": 60,
        "rating_timeout_s": 10, "dial_timeout_s": 6, "key_timeout_s": 1,
    }  # fmt: skip
    return AsteriskSettings(**(values | changes))  # type: ignore[arg-type] # values of mixed types


def make_short_prompts(directory: Path, seconds: float = 1.0) -> Path:
    """Silent prompts under the real names, so that no test waits for a voice."""
    for name in read_prompts(PROMPTS_FILE):
        path = directory / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(8000)
            file.writeframes(bytes(int(16000 * seconds)))
    return directory


@asynccontextmanager
async def running_switchboard(
    directory: Path, settings: AsteriskSettings | None = None, *, prompts_s: float = 1.0
) -> AsyncIterator[AsteriskInstance]:
    """A switchboard that runs as long as the block."""
    instance = AsteriskInstance(
        ensure_asterisk_root(),
        directory / "switchboard",
        make_short_prompts(directory / "prompts", prompts_s),
        settings or short_settings(),
    )
    await instance.start()
    try:
        yield instance
    finally:
        await instance.stop()


async def log_in(
    ami: Actor, seat: str, agent: str, *, queue: str = "12345", paused: bool = False
) -> None:
    """Makes the seat's phone a member of the queue, as the gateway does."""
    answer = await ami.action(
        "QueueAdd",
        Queue=queue,
        Interface=f"PJSIP/{seat}",
        MemberName=agent,
        StateInterface=f"PJSIP/{seat}",
        Paused="true" if paused else "false",
    )
    assert b"Success" in answer, answer


async def log_everyone_out(recorder: AmiRecorder) -> None:
    """Removes every member from every queue."""
    member = rb"Event: QueueMember\r\n.*?Queue: ([^\r]+)\r\n.*?Location: ([^\r]+)\r\n"
    for message in await recorder.list_action("QueueStatus", "QueueStatusComplete"):
        if found := re.search(member, message, re.DOTALL):
            queue, interface = (value.decode() for value in found.groups())
            await recorder.action("QueueRemove", Queue=queue, Interface=interface)

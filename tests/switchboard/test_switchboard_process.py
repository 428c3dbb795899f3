"""The embedded Asterisk as a process: quiet start, least rights, nothing left behind."""

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from deploy.embedded import asterisk_home
from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.embedded.asterisk_root import ensure_asterisk_root
from deploy.errors import SwitchboardError
from tests.support.asterisk import (
    make_short_prompts,
    running_switchboard,
    short_settings,
    why_no_switchboard,
)
from tests.support.capture import AmiRecorder
from tests.support.live import until

pytestmark = [
    pytest.mark.switchboard,
    pytest.mark.skipif(bool(why_no_switchboard()), reason=why_no_switchboard() or ""),
]


async def test_starts_without_a_complaint(tmp_path: Path) -> None:
    async with running_switchboard(tmp_path) as instance:
        log = instance.messages_log.read_text("utf-8")
    assert [line for line in log.splitlines() if "ERROR" in line or "WARNING" in line] == []


async def test_gateway_user_can_neither_execute_nor_reconfigure(ami: AmiRecorder) -> None:
    listed = await ami.action("ListCommands")
    for allowed in (b"Originate:", b"QueueAdd:", b"QueuePause:", b"Atxfer:", b"BlindTransfer:"):
        assert b"\n" + allowed in listed
    for forbidden in (b"Command:", b"UpdateConfig:", b"ModuleLoad:", b"GetConfig:", b"Reload:"):
        assert b"\n" + forbidden not in listed


async def test_secrets_are_random_and_private(tmp_path: Path) -> None:
    async with running_switchboard(tmp_path / "one") as one:
        configuration = [
            *(one.directory / "srv/etc").glob("*.conf"),
            one.directory / "secrets.json",
        ]
        assert {stat.S_IMODE(file.stat().st_mode) for file in configuration} == {0o600}
        async with running_switchboard(tmp_path / "two") as two:
            assert one.secrets.ami != two.secrets.ami
            assert one.pid != two.pid
            with pytest.raises(AssertionError, match="Authentication failed"):
                await AmiRecorder.connect(two.ami_port, one.secrets.ami)


async def test_runs_as_its_own_user_without_a_way_back(switchboard: AsteriskInstance) -> None:
    assert switchboard.pid is not None
    fields = process_status(switchboard.pid)
    assert "0" not in fields["Uid"].split()
    assert int(fields["CapEff"], 16) == 0
    assert fields["NoNewPrivs"] == "1"


async def test_restarts_in_place(tmp_path: Path) -> None:
    """``core restart now`` (FAULTS 9) keeps process id, user and secrets."""
    async with running_switchboard(tmp_path) as instance:
        pid = instance.pid
        ami = await AmiRecorder.connect(instance.ami_port, instance.secrets.ami)
        await instance.cli("core restart now")
        await ami.until(rb"Event: Shutdown\r\n.*Restart: True")

        async def up_again() -> bool:
            try:
                again = await AmiRecorder.connect(instance.ami_port, instance.secrets.ami)
            except OSError:
                return False
            await again.close()
            return True

        await ami.close()
        await until(up_again, bool)
        assert instance.pid == pid


async def test_starts_where_mounting_is_not_permitted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container with the usual capabilities; the shared root stays as it was."""
    monkeypatch.setattr(asterisk_home, "mounting_is_permitted", lambda _directory: False)
    hosts = ensure_asterisk_root() / "etc" / "hosts"
    before = hosts.read_bytes()
    async with running_switchboard(tmp_path) as instance:
        assert "System uptime" in await instance.cli("core show uptime")
        await until(lambda: asyncio.to_thread(instance.queue_log.exists), bool)
    assert hosts.read_bytes() == before
    async with running_switchboard(tmp_path) as again:
        assert "System uptime" in await again.cli("core show uptime")


async def test_port_in_use_is_one_clear_sentence(tmp_path: Path) -> None:
    taken = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]
    async with taken:
        with pytest.raises(SwitchboardError, match=f"port {port}"):
            async with running_switchboard(tmp_path, short_settings(ami_port=port)):
                pass


async def test_dies_with_its_parent(tmp_path: Path) -> None:
    """A parent killed by -9 cannot stop anything: the kernel does it (PDEATHSIG)."""
    make_short_prompts(tmp_path / "prompts")
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PARENT, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    child = int(await asyncio.wait_for(parent.stdout.readline(), 60))
    os.kill(child, 0)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()

    async def gone() -> bool:
        return process_status(child).get("State", "Z").startswith("Z")

    await until(gone, bool)


def process_status(pid: int) -> dict[str, str]:
    """Fields of /proc/PID/status; empty when there is no such process."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    except FileNotFoundError:
        return {}
    return dict(line.partition(":\t")[::2] for line in lines)


_PARENT = """
import asyncio, sys
from pathlib import Path
from tests.support.asterisk import running_switchboard

async def main():
    async with running_switchboard(Path(sys.argv[1])) as instance:
        print(instance.pid, flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""

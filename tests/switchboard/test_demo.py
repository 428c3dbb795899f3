"""``make run DEMO=1``: the town's people call, are answered, rate and are called back."""

import asyncio
import contextlib
from pathlib import Path

import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from deploy.embedded.demo import DemoTown
from tests.support.agi_peer import speaking_agi
from tests.support.asterisk import running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.live import until

pytestmark = [pytest.mark.switchboard, pytest.mark.usefixtures("switchboard_here")]

AGI = {"rating": ["GET DATA /srv/prompts/rating 8000 1"]}


async def everyone_is_registered(hotline: AsteriskInstance) -> bool:
    contacts = await hotline.cli("pjsip show contacts")
    return all(f"{seat}/sip:" in contacts for seat in hotline.settings.seats)


async def test_town_calls_and_rates(tmp_path: Path) -> None:
    settings = short_settings(ring_timeout_s=10, rating_timeout_s=20)
    async with running_switchboard(tmp_path, settings) as hotline:
        town = DemoTown(hotline, tmp_path / "town", agents={"1001": "8001", "1002": "8002"})
        await town.start()
        ami = await AmiRecorder.connect(hotline.ami_port, hotline.secrets.ami)
        people = asyncio.create_task(town.run())
        try:
            await until(lambda: everyone_is_registered(hotline), bool)
            await ami.until(rb"Event: QueueMemberAdded\r\n.*MemberName: 8002")
            async with speaking_agi(settings.agi_port, AGI) as answers:
                for _ in range(2):
                    await town.place_call(patient=True)
                await ami.until(rb"Event: AgentConnect\r\n.*MemberName: 800", deadline_s=30)
                await until(lambda: asyncio.sleep(0, answers), bool, 90)
            assert answers[0].startswith("rating: 200 result=")
        finally:
            people.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await people
            await town.stop()
        members = await hotline.cli("queue show 12345")
        assert "No Members" in members
        await ami.close()

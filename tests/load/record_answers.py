"""Records ``answers.ami``: what a real switchboard answers to the gateway while one call goes on.

``python -m tests.load.record_answers``: the greeting, the log-in, the rights, a ping, and the
lists of channels and queues at each stage of a call. All numbers are invented. Run it again when
the rights of the AMI user or Asterisk change.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.agi_peer import speaking_agi
from tests.support.asterisk import log_in, running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.sipp import Sipp, caller, free_port, phone

AGI = {"entry": ['SET VARIABLE HOTLINE_MODE "day"']}
# In the greeting, in the queue while a seat rings, in conversation, after the call.
STAGES = (
    rb"Event: Newchannel\r\n.*Context: from-trunk",
    rb"Event: QueueMemberStatus\r\n.*Status: 3\r\n",
    rb"Event: BridgeEnter\r\n.*BridgeNumChannels: 2\r\n",
    rb"Event: QueueMemberStatus\r\n.*Status: 1\r\n",
)


async def lists(ami: AmiRecorder) -> None:
    await ami.list_action("CoreShowChannels", "CoreShowChannelsComplete")
    await ami.list_action("QueueStatus", "QueueStatusComplete")


async def record(path: Path) -> None:
    with TemporaryDirectory(prefix="hotline-record-") as work:
        settings = short_settings()
        async with running_switchboard(Path(work), settings) as switchboard:
            ami = await AmiRecorder.connect(switchboard.ami_port, switchboard.secrets.ami)
            await ami.action("ListCommands")
            await ami.action("Ping")
            sipp, port = Sipp(switchboard.sip_port), free_port()
            await sipp.register("1001", switchboard.secrets.seats["1001"], port)
            await log_in(ami, "1001", "8001")
            since = ami.mark()
            ringing = phone(ring_ms=1500)
            async with (
                speaking_agi(settings.agi_port, AGI),
                sipp.phone(port, ringing),
                asyncio.TaskGroup() as tasks,
            ):
                tasks.create_task(sipp.call("12345", caller("13800000001", stay_ms=6000)))
                for stage in STAGES:
                    await ami.until(stage, since=since)
                    since = ami.mark()
                    await lists(ami)
            await ami.action("Logoff")
            await ami.close()
            ami.save(path)


if __name__ == "__main__":
    asyncio.run(record(Path(__file__).parent / "answers.ami"))

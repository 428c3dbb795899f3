"""Records ``mixed.ami`` with its ``mixed.queue_log`` and ``mixed.cel.csv``.

``python -m tests.wire.record [DIRECTORY]`` runs every kind of call against a real switchboard and
keeps what AMI said. All numbers are invented. Run it again when the dialplan or Asterisk changes.
"""

import asyncio
import re
import shutil
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.agi_peer import speaking_agi
from tests.support.asterisk import log_in, running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.ports import free_ports
from tests.support.sipp import (
    Sipp,
    caller,
    hold,
    phone,
    phone_that_never_answers,
    phone_that_rejects,
    press,
    press_all,
    refer,
)

ENTRY = {"entry": ['SET VARIABLE HOTLINE_MODE "day"']}
RATING = {"rating": ["GET DATA /srv/prompts/rating 5000 1"]}
SURVEY = {"survey": ["GET DATA /srv/prompts/survey-satisfied 5000 1"]}
AGI = ENTRY | RATING | SURVEY
PAUSED = rb"Event: QueueMemberPause\r\n.*MemberName: %s\r\n.*Paused: %d\r\n"


class Run:
    """One recording in progress: switchboard, AMI connection, SIPp, seats 1001-1003."""

    def __init__(self, switchboard: AsteriskInstance, ami: AmiRecorder) -> None:
        self.switchboard = switchboard
        self.ami = ami
        self.sipp = Sipp(switchboard.sip_port)
        self.ports = dict(zip(("1001", "1002", "1003"), free_ports(3), strict=True))
        self._calls = 0

    async def call(self, scenario: str, line: str = "12345") -> None:
        await self.sipp.call(line, scenario, deadline_s=60)

    def number(self) -> str:
        self._calls += 1
        return f"13800000{self._calls:03d}"

    def caller(self, **how: object) -> str:
        return caller(self.number(), **how)  # type: ignore[arg-type] # passed through

    async def only(self, *seats: str) -> None:
        """Only these seats are ready, the others are on a break."""
        for seat in self.ports:
            await self.pause(seat, paused=seat not in seats)

    async def pause(self, seat: str, *, paused: bool) -> None:
        await self.ami.action(
            "QueuePause",
            Interface=f"PJSIP/{seat}",
            Paused="true" if paused else "false",
            Reason="rest" if paused else "",
        )

    async def agent_channel(self, seat: str, since: int) -> str:
        """Channel of the seat's answered queue call."""
        message = await self.ami.until(
            rb"Event: AgentConnect\r\n.*DestChannel: PJSIP/%s-" % seat.encode(), since=since
        )
        return _header(message, "DestChannel")


def _header(message: bytes, name: str) -> str:
    match = re.search(rb"(?:^|\n)%s: ([^\r]*)" % name.encode(), message)
    assert match is not None, message
    return match[1].decode()


async def answered_calls(run: Run) -> None:
    await run.only("1001")
    rating = [press("1", after_ms=1500 if i == 0 else 700) for i in range(8)]
    async with run.sipp.phone(run.ports["1001"], phone(talk_ms=1200)):
        await run.call(run.caller(steps=rating))  # the agent hangs up, the caller rates
    async with run.sipp.phone(run.ports["1001"], phone()):
        await run.call(run.caller(stay_ms=3500))  # the caller hangs up
    async with run.sipp.phone(run.ports["1001"], phone(steps=[hold(after_ms=800, for_ms=1500)])):
        await run.call(run.caller(stay_ms=5500))  # held and resumed


async def abandoned_calls(run: Run) -> None:
    await run.call(run.caller(stay_ms=400))  # in the greeting
    await run.only()
    await run.call(run.caller(stay_ms=3000))  # in the queue, everyone on a break
    await run.only("1001")
    async with run.sipp.phone(run.ports["1001"], phone_that_never_answers()):
        await run.call(run.caller(stay_ms=3000))  # while ringing


async def second_seat_answers(run: Run, first_phone: str) -> None:
    """The first seat lets it ring or rejects; a colleague takes the call."""
    await run.only("1001")
    since = run.ami.mark()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        await stack.enter_async_context(run.sipp.phone(run.ports["1001"], first_phone))
        await stack.enter_async_context(run.sipp.phone(run.ports["1002"], phone(talk_ms=1000)))
        done = group.create_task(run.call(run.caller()))
        await run.ami.until(rb"Event: AgentRingNoAnswer", since=since)
        await run.only("1002")
        await done


async def refused_calls(run: Run) -> None:
    """Two wait in a queue for two: one times out, one goes; the third is refused (FULL)."""
    await run.only()
    since = run.ami.mark()
    async with asyncio.TaskGroup() as group:
        waiting = [group.create_task(run.call(run.caller())) for _ in range(2)]
        for position in (b"1", b"2"):
            joined = rb"Event: QueueCallerJoin\r\n.*Position: %s\r\n" % position
            await run.ami.until(joined, since=since)
        await run.call(run.caller())
        await asyncio.gather(*waiting)


async def unstaffed_queue(run: Run) -> None:
    """Nobody logged in to the expert queue: JOINEMPTY; then its only member leaves: LEAVEEMPTY."""
    await run.call(run.caller(), line="12315")
    await log_in(run.ami, "1003", "8003", queue="expert", paused=True)
    since = run.ami.mark()
    async with asyncio.TaskGroup() as group:
        group.create_task(run.call(run.caller(), line="12315"))
        await run.ami.until(rb"Event: QueueCallerJoin\r\n.*Queue: expert", since=since)
        await run.ami.action("QueueRemove", Queue="expert", Interface="PJSIP/1003")


async def transferred_call(run: Run, how: str, target: str = "1002") -> None:
    """Seat 1001 answers and passes the caller on; ``how`` names the way."""
    await run.only("1001")
    steps = {
        "REFER": [refer(target, after_ms=1000)],
        "code": [*press_all(f"*2{target}", after_ms=1000)],
    }.get(how, [])
    talk_ms = 2000 if how == "code" else 3_600_000
    since = run.ami.mark()
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        first = phone(talk_ms=talk_ms, steps=steps)
        await stack.enter_async_context(run.sipp.phone(run.ports["1001"], first))
        last = run.switchboard.settings.trunk_port if len(target) > 4 else run.ports[target]
        await stack.enter_async_context(run.sipp.phone(last, phone(talk_ms=3500)))
        done = group.create_task(run.call(run.caller()))
        channel = await run.agent_channel("1001", since)
        transferring = run.ami.mark()
        if how in {"BlindTransfer", "Atxfer"}:
            await run.ami.action(how, Channel=channel, Context="seats", Exten=target)
        if how == "Atxfer":
            await run.ami.until(rb"Event: DialEnd\r\n.*DialStatus: ANSWER", since=transferring)
            await run.ami.action("Hangup", Channel=channel)
        await done


async def returned_call(run: Run) -> None:
    """Passed on blindly to a colleague who is busy: back into the queue, answered by a third."""
    await run.only("1001")
    since = run.ami.mark()
    first = phone(steps=[refer("1002", after_ms=800)])
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        await stack.enter_async_context(run.sipp.phone(run.ports["1001"], first))
        busy = phone_that_rejects(486, "Busy Here")
        await stack.enter_async_context(run.sipp.phone(run.ports["1002"], busy))
        await stack.enter_async_context(run.sipp.phone(run.ports["1003"], phone(talk_ms=1200)))
        done = group.create_task(run.call(run.caller()))
        await run.ami.until(rb"Event: BlindTransfer\r\n", since=since)
        await run.only("1003")
        await done


async def failed_consultation(run: Run) -> None:
    """The agent asks a colleague who does not answer, and takes the caller back."""
    await run.only("1001")
    first = phone(steps=press_all("*21002", after_ms=800), talk_ms=9000)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(run.sipp.phone(run.ports["1001"], first))
        silent = phone_that_rejects(480, "Temporarily Unavailable")
        await stack.enter_async_context(run.sipp.phone(run.ports["1002"], silent))
        await run.call(run.caller())


async def three_party_call(run: Run) -> None:
    """The agent brings a colleague into the call (*3) and leaves after a while."""
    await run.only("1001")
    steps = [*press_all("*21002", after_ms=800), *press_all("*3", after_ms=4500)]
    async with AsyncExitStack() as stack:
        first = phone(steps=steps, talk_ms=2000)
        await stack.enter_async_context(run.sipp.phone(run.ports["1001"], first))
        await stack.enter_async_context(run.sipp.phone(run.ports["1002"], phone(talk_ms=10000)))
        await run.call(run.caller())


async def agent_dials(run: Run) -> None:
    """Click-to-dial: first the agent's phone, then the outside number."""
    since = run.ami.mark()
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(run.sipp.phone(run.ports["1001"], phone(talk_ms=2500)))
        trunk = run.switchboard.settings.trunk_port
        await stack.enter_async_context(run.sipp.phone(trunk, phone()))
        await run.ami.action(
            "Originate",
            Channel="PJSIP/1001",
            ChannelId="dial-1",
            Context="seats", Exten="13900000901", Priority="1", Timeout="4000", Async="true",
            CallerID='"12345" <12345>',
        )  # fmt: skip
        await run.ami.until(rb"Event: Hangup\r\n.*Uniqueid: dial-1\r\n", since=since)


async def survey_call(run: Run, attempt: int, scenario: str | None, *, outcome: bytes) -> None:
    """The gateway's callback to a citizen behind the trunk."""
    since = run.ami.mark()
    async with AsyncExitStack() as stack:
        if scenario is not None:
            trunk = run.switchboard.settings.trunk_port
            await stack.enter_async_context(run.sipp.phone(trunk, scenario))
        answer = await run.ami.action(
            "Originate",
            Channel=f"PJSIP/13900000{attempt:03d}@trunk",
            ChannelId=f"survey-{attempt}",
            Context="survey", Exten="s", Priority="1", Timeout="4000", Async="true",
            CallerID='"12345" <12345>',
        )  # fmt: skip
        assert b"Success" in answer, answer
        await run.ami.until(rb"Event: OriginateResponse\r\n.*Response: " + outcome, since=since)
        if outcome == b"Success":
            ended = rb"Event: Hangup\r\n.*Uniqueid: survey-%d\r\n" % attempt
            await run.ami.until(ended, since=since)


async def overlapping_calls(run: Run) -> None:
    await run.only("1001", "1002", "1003")
    async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
        for talk_ms, port in zip((1500, 2500, 3500), run.ports.values(), strict=True):
            await stack.enter_async_context(run.sipp.phone(port, phone(talk_ms=talk_ms)))
        calls = [group.create_task(run.call(run.caller())) for _ in range(5)]
        await asyncio.gather(*calls)


async def record(directory: Path) -> None:
    with TemporaryDirectory(prefix="hotline-record-") as work:
        settings = short_settings(queue_maxlen=2, queue_timeout_s=8)
        async with running_switchboard(Path(work), settings) as switchboard:
            ami = await AmiRecorder.connect(switchboard.ami_port, switchboard.secrets.ami)
            run = Run(switchboard, ami)
            try:
                async with speaking_agi(settings.agi_port, AGI, expert_line="12315"):
                    await _everything(run)
                await ami.list_action("CoreShowChannels", "CoreShowChannelsComplete")
                await ami.action("Logoff")
                await ami.close()
            finally:
                ami.save(directory / "mixed.ami")
        shutil.copyfile(switchboard.queue_log, directory / "mixed.queue_log")
        shutil.copyfile(switchboard.cel_csv, directory / "mixed.cel.csv")


async def _everything(run: Run) -> None:
    await run.ami.list_action("CoreShowChannels", "CoreShowChannelsComplete")
    await run.ami.list_action("QueueStatus", "QueueStatusComplete")
    await run.ami.list_action("BridgeList", "BridgeListComplete")
    for seat, port in run.ports.items():
        await run.sipp.register(seat, run.switchboard.secrets.seats[seat], port)
        await log_in(run.ami, seat, f"8{seat[1:]}")
    await answered_calls(run)
    await abandoned_calls(run)
    await second_seat_answers(run, phone_that_never_answers())
    await second_seat_answers(run, phone_that_rejects(486, "Busy Here"))
    await refused_calls(run)
    await unstaffed_queue(run)
    for how in ("BlindTransfer", "REFER", "code", "Atxfer"):
        await transferred_call(run, how)
    await transferred_call(run, "BlindTransfer", target="13900000900")
    await returned_call(run)
    await failed_consultation(run)
    await three_party_call(run)
    await agent_dials(run)
    await survey_call(run, 1, phone(steps=press_all("11", after_ms=1200)), outcome=b"Success")
    await survey_call(run, 2, phone_that_rejects(486, "Busy Here"), outcome=b"Failure")
    await survey_call(run, 3, phone_that_rejects(503, "Service Unavailable"), outcome=b"Failure")
    await survey_call(run, 4, phone_that_never_answers(), outcome=b"Failure")
    await overlapping_calls(run)


if __name__ == "__main__":
    asyncio.run(record(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent))

"""T10: what a caller and agents say to each other is in one file, whatever happens on the way."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from gateway.recordings import BYTES_PER_S, HEADER_BYTES, recording_name
from tests.support.asterisk import log_in, running_switchboard, short_settings
from tests.support.capture import AmiRecorder
from tests.support.live import live_page, until
from tests.support.ports import free_port, free_ports
from tests.support.recordings import length_s, loudness, write_voice
from tests.support.sipp import Sipp, Step, caller, phone, refer, speak
from tests.support.system import System
from tests.support.transfers import header
from tests.switchboard.records import queue_log_of

pytestmark = pytest.mark.switchboard

TALK_S = 3.0
LOUD = 3000.0  # louder than the caller where he speaks quietly
LATE_S = 0.8  # what two SIPp and the signalling between them take


@pytest.fixture
def voice(tmp_path: Path) -> Path:
    return write_voice(tmp_path)


def recording(switchboard: AsteriskInstance, call: bytes) -> Path:
    """Where the recording of the call must be that an AMI message is about."""
    name = recording_name(header(call, "Uniqueid"))
    assert name is not None, call
    return switchboard.recordings / name


def agents_heard(file: Path) -> float:
    """In how much of a recording, from 0 to 1, more is heard than the caller's quiet voice."""
    parts = [loudness(file, n / 10, (n + 1) / 10) for n in range(int(length_s(file) * 10))]
    return sum(part > LOUD for part in parts) / len(parts)


async def size(file: Path) -> int:
    return await asyncio.to_thread(lambda: file.stat().st_size)


def files(switchboard: AsteriskInstance) -> set[Path]:
    return {one for one in switchboard.recordings.rglob("*") if one.is_file()}


async def served(
    switchboard: AsteriskInstance,
    ami: AmiRecorder,
    number: str,
    *,
    caller_says: list[Step],
    agent_says: list[Step],
) -> bytes:
    """One call that seat 1001 answers and ends after `TALK_S`; what AMI said of the connection."""
    sipp, port = Sipp(switchboard.sip_port), free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    await log_in(ami, "1001", "8001")
    since = ami.mark()
    agent = phone(ring_ms=900, talk_ms=round(TALK_S * 1000), steps=agent_says)
    async with sipp.phone(port, agent):
        await sipp.call("12345", caller(number, steps=caller_says), deadline_s=30)
    return await ami.until(rb"Event: AgentConnect\r\n", since=since)


@pytest.mark.parametrize("speaker", ["caller", "agent"])
async def test_one_answered_call_is_one_file(
    switchboard: AsteriskInstance, ami: AmiRecorder, voice: Path, speaker: str
) -> None:
    before, since = files(switchboard), ami.mark()
    call = await served(
        switchboard,
        ami,
        "13800000410",
        caller_says=[speak(voice)] if speaker == "caller" else [],
        agent_says=[speak(voice)] if speaker == "agent" else [],
    )
    file = recording(switchboard, call)
    assert files(switchboard) - before == {file}
    # Neither the second of ringing nor the question after the talk is in it.
    assert length_s(file) == pytest.approx(TALK_S, abs=LATE_S)
    assert loudness(file, 0.5, 1.5) > LOUD
    assert loudness(file, length_s(file) - 1) > LOUD
    assert b"Event: MixMonitor" not in ami.raw[since:]


async def test_a_blind_transfer_goes_on_in_the_same_file(
    switchboard: AsteriskInstance, ami: AmiRecorder, voice: Path
) -> None:
    before, quiet = files(switchboard), write_voice(voice.parent, quiet=True)
    sipp, (first, second) = Sipp(switchboard.sip_port), free_ports(2)
    for seat, port in (("1001", first), ("1002", second)):
        await sipp.register(seat, switchboard.secrets.seats[seat], port)
    await log_in(ami, "1001", "8001")
    since = ami.mark()
    passes_on = phone(steps=[speak(voice), refer("1002", after_ms=2000)])
    async with (
        sipp.phone(first, passes_on),
        sipp.phone(second, phone(ring_ms=1500, talk_ms=3000, steps=[speak(voice)])),
    ):
        await sipp.call("12345", caller("13800000411", steps=[speak(quiet)]), deadline_s=30)
    call = await ami.until(rb"Event: AgentConnect\r\n", since=since)
    await ami.until(rb"Event: BlindTransfer\r\n.*Result: Success", since=since)
    file = recording(switchboard, call)
    assert files(switchboard) - before == {file}
    # Without the ringing of the second telephone between the two.
    assert length_s(file) == pytest.approx(2 + 3, abs=2 * LATE_S)
    assert agents_heard(file) == pytest.approx(1, abs=0.1)


async def test_a_caller_who_comes_back_to_the_queue_goes_on_in_the_same_file(
    switchboard: AsteriskInstance, ami: AmiRecorder, voice: Path
) -> None:
    """A second MixMonitor would begin the file anew."""
    before = files(switchboard)
    sipp, port = Sipp(switchboard.sip_port), free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    await log_in(ami, "1001", "8001")
    since = ami.mark()
    async with sipp.phone(port, phone(steps=[speak(voice)])), asyncio.TaskGroup() as tasks:
        citizen = caller("13800000412", stay_ms=9000)
        tasks.create_task(sipp.call("12345", citizen, deadline_s=30))
        call = await ami.until(rb"Event: AgentConnect\r\n", since=since)
        file = recording(switchboard, call)
        await until(lambda: size(file), lambda written: written > 1.5 * BYTES_PER_S)
        again = ami.mark()
        where = {"Context": "to-queue", "Exten": "12345", "Priority": "1"}
        await ami.action("Redirect", Channel=header(call, "Channel"), **where)
        await ami.until(rb"Event: AgentConnect\r\n", since=again)
        await until(lambda: size(file), lambda written: written > 3.5 * BYTES_PER_S)
    assert files(switchboard) - before == {file}
    assert length_s(file) > 3
    assert loudness(file, 0.3, 1.3) > LOUD
    assert loudness(file, length_s(file) - 1) > LOUD


async def test_who_gives_up_leaves_no_sound(
    switchboard: AsteriskInstance, ami: AmiRecorder, voice: Path
) -> None:
    before, since = files(switchboard), ami.mark()
    sipp, port = Sipp(switchboard.sip_port), free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    await log_in(ami, "1001", "8001", paused=True)
    impatient = caller("13800000413", stay_ms=2500, steps=[speak(voice)])
    await sipp.call("12345", impatient, deadline_s=15)
    await ami.until(rb"Event: QueueCallerAbandon\r\n", since=since)
    assert [file.stat().st_size for file in files(switchboard) - before] in ([], [HEADER_BYTES])


@pytest.fixture
def without_directory(switchboard: AsteriskInstance) -> Iterator[None]:
    """The directory of recordings is not there, and Asterisk may not make it."""
    aside = switchboard.recordings.with_name("aside")
    switchboard.recordings.rename(aside)
    yield
    aside.rename(switchboard.recordings)


@pytest.mark.usefixtures("without_directory")
async def test_without_a_directory_the_call_goes_on(
    switchboard: AsteriskInstance, ami: AmiRecorder, voice: Path
) -> None:
    number = "13800000414"
    await served(switchboard, ami, number, caller_says=[speak(voice)], agent_says=[speak(voice)])
    events = [line.event for line in queue_log_of(switchboard.queue_log, number)]
    assert events == ["ENTERQUEUE", "CONNECT", "COMPLETEAGENT"]
    assert "Cannot open" in switchboard.messages_log.read_text("utf-8", "replace")
    assert not switchboard.recordings.exists()


async def test_a_switchboard_that_is_not_to_record(
    switchboard_here: None, tmp_path: Path, voice: Path
) -> None:
    settings = short_settings(record_calls=False)
    async with running_switchboard(tmp_path, settings) as silent:
        ami = await AmiRecorder.connect(silent.ami_port, silent.secrets.ami)
        try:
            await served(silent, ami, "13800000415", caller_says=[speak(voice)], agent_says=[])
        finally:
            await ami.close()
        assert files(silent) == set()


async def test_the_agent_hears_it_over_our_own_api(system: System, voice: Path) -> None:
    gateway, switchboard = system.gateway, system.switchboard
    sipp, seat = Sipp(switchboard.sip_port), free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], seat)
    talking = phone(talk_ms=2500, steps=[speak(voice)])
    async with (
        gateway.browser("agent8001") as agent,
        gateway.browser("agent8002") as other,
        live_page(agent) as page,
        sipp.phone(seat, talking),
    ):
        await agent.put("/api/v1/seat", {"state": "ready"})
        await page.until("seat.changed", lambda frame: frame["data"]["state"] == "ready")
        await sipp.call("12345", caller("13800000416"), deadline_s=30)
        ended = await page.until("call.ended")
        path = f"/api/v1/calls/{ended['data']['call_id']}"
        await until(lambda: agent.get(path), lambda call: call["recording"])
        link = await agent.post(f"{path}/recording", {})
        assert link["duration_s"] == pytest.approx(2.5, abs=LATE_S)
        async with agent.session.get(link["url"]) as answer:
            assert (answer.status, answer.content_type) == (200, "audio/wav")
            assert await answer.read() in [file.read_bytes() for file in files(switchboard)]
        async with other.session.post(f"{path}/recording") as answer:
            assert answer.status == 404
        async with other.session.get(link["url"]) as answer:
            assert answer.status == 404

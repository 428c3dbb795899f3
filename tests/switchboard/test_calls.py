"""What the dialplan does with a call while the gateway is there: rating, transfers, callbacks."""

import asyncio

import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.agi_peer import speaking_agi
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.ports import free_port, free_ports
from tests.support.sipp import (
    Sipp,
    caller,
    phone,
    phone_that_never_answers,
    phone_that_rejects,
    press,
    refer,
)
from tests.switchboard.records import queue_log_of

pytestmark = pytest.mark.switchboard

# Pressed again and again until the hotline hangs up: no test has to know when the question comes.
INSISTENT = [press("1", after_ms=700)] * 12


async def test_caller_rates_after_the_agent_has_hung_up(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    sipp = Sipp(switchboard.sip_port)
    port = free_port()
    await sipp.register("1001", switchboard.secrets.seats["1001"], port)
    await log_in(ami, "1001", "8001")
    question = {"rating": ["GET DATA /srv/prompts/rating 5000 1"]}
    async with (
        speaking_agi(switchboard.settings.agi_port, question) as answers,
        sipp.phone(port, phone(talk_ms=300)),
    ):
        await sipp.call("12345", caller("13800000301", steps=INSISTENT), deadline_s=30)
    assert answers == ["rating: 200 result=1"]


async def test_gateway_chooses_among_known_queues_only(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    chosen = {"expert": "expert", "12345,n,,,1": "12345", "unheard-of": "12345"}
    for wish, queue in chosen.items():
        since = ami.mark()
        entry = {"entry": [f'SET VARIABLE HOTLINE_QUEUE "{wish}"']}
        async with speaking_agi(switchboard.settings.agi_port, entry):
            await Sipp(switchboard.sip_port).call("12345", caller("13800000302"), deadline_s=15)
        event = await ami.until(rb"UserEvent: HotlineRefused", since=since)
        assert f"Queue: {queue}\r\n".encode() in event


async def test_transfer_that_nobody_answers_brings_the_caller_back(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    sipp = Sipp(switchboard.sip_port)
    first, second = free_ports(2)
    await sipp.register("1001", switchboard.secrets.seats["1001"], first)
    await sipp.register("1002", switchboard.secrets.seats["1002"], second)
    await log_in(ami, "1001", "8001")
    since = ami.mark()
    agent = phone(talk_ms=600, steps=[refer("1002", after_ms=300)])
    async with (
        sipp.phone(first, agent),
        sipp.phone(second, phone_that_rejects(486, "Busy Here")),
        asyncio.TaskGroup() as group,
    ):
        call = group.create_task(
            sipp.call("12345", caller("13800000303", stay_ms=6000), deadline_s=30)
        )
        await ami.until(rb"Event: BlindTransfer\r\n.*Result: Success", since=since)
        after_transfer = ami.mark()
        await ami.until(rb"Event: QueueCallerJoin", since=after_transfer)
        await call
    events = [line.event for line in queue_log_of(switchboard.queue_log, "13800000303")]
    assert events[:4] == ["ENTERQUEUE", "CONNECT", "BLINDTRANSFER", "ENTERQUEUE"]


@pytest.mark.parametrize(
    ("scenario", "cause"),
    [
        (phone_that_rejects(486, "Busy Here"), 17),
        (phone_that_rejects(503, "Service Unavailable"), 34),
        (phone_that_rejects(404, "Not Found"), 1),
        (phone_that_never_answers(), 19),
    ],
    ids=["busy", "congestion", "no such number", "no answer"],
)
async def test_callback_that_fails_says_how(
    switchboard: AsteriskInstance, ami: AmiRecorder, scenario: str, cause: int
) -> None:
    """By the Hangup's cause (Q.850): for PJSIP the response's Reason is 0 for all but no answer."""
    since = ami.mark()
    async with Sipp(switchboard.sip_port).phone(switchboard.settings.trunk_port, scenario):
        message = await originate_survey(ami, f"survey-fails-{cause}")
    assert b"Response: Failure" in message
    hangup = await ami.until(
        rb"Event: Hangup\r\n.*Uniqueid: survey-fails-%d\r\n" % cause, since=since
    )
    assert b"\r\nCause: %d\r\n" % cause in hangup


async def test_callback_asks_the_citizen(switchboard: AsteriskInstance, ami: AmiRecorder) -> None:
    questions = {"survey": ["GET DATA /srv/prompts/survey-satisfied 5000 1"]}
    citizen = phone(steps=INSISTENT)
    since = ami.mark()
    async with (
        speaking_agi(switchboard.settings.agi_port, questions) as answers,
        Sipp(switchboard.sip_port).phone(switchboard.settings.trunk_port, citizen),
    ):
        message = await originate_survey(ami, "survey-answered")
        assert b"Response: Success" in message
        await ami.until(rb"Event: Hangup\r\n.*Uniqueid: survey-answered", since=since)
    assert answers == ["survey: 200 result=1"]


async def originate_survey(ami: AmiRecorder, attempt: str) -> bytes:
    """Dials a citizen as the gateway does; returns the OriginateResponse."""
    since = ami.mark()
    await ami.action(
        "Originate",
        Channel="PJSIP/13900000301@trunk",
        ChannelId=attempt,
        Context="survey", Exten="s", Priority="1", Timeout="3000", Async="true",
    )  # fmt: skip
    return await ami.until(rb"Event: OriginateResponse", since=since)

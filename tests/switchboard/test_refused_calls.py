"""Calls that a queue refuses or lets go: AMI and CEL are told, the caller is not kept."""

import asyncio

import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.asterisk import log_in
from tests.support.capture import AmiRecorder
from tests.support.ports import free_port
from tests.support.sipp import Sipp, caller

pytestmark = pytest.mark.switchboard


async def test_nobody_logged_in_is_refused_and_told(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    since = ami.mark()
    await Sipp(switchboard.sip_port).call("12345", caller("13800000201"), deadline_s=15)
    event = await ami.until(rb"UserEvent: HotlineRefused", since=since)
    assert event.endswith(b"Queue: 12345\r\nStatus: JOINEMPTY")
    assert '"HOTLINE_REFUSED","' in switchboard.cel_csv.read_text("utf-8")


async def test_caller_is_let_go_when_the_last_agent_leaves(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    sipp = Sipp(switchboard.sip_port)
    await sipp.register("1001", switchboard.secrets.seats["1001"], free_port())
    await log_in(ami, "1001", "8001", paused=True)
    since = ami.mark()
    async with asyncio.TaskGroup() as group:
        group.create_task(sipp.call("12345", caller("13800000202"), deadline_s=25))
        await ami.until(rb"Event: QueueCallerJoin", since=since)
        await ami.action("QueueRemove", Queue="12345", Interface="PJSIP/1001")
    event = await ami.until(rb"UserEvent: HotlineQueueLeft", since=since)
    assert event.endswith(b"Queue: 12345\r\nStatus: LEAVEEMPTY")


async def test_hostile_number_reaches_no_event(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    """RFC 3261 lets a user part carry escaped CR and LF; no line of ours may come of it."""
    since = ami.mark()
    hostile = "1380%0d%0aEvent:%20Hangup"
    await Sipp(switchboard.sip_port).call("12345", caller(hostile), deadline_s=15)
    await ami.until(rb"UserEvent: HotlineRefused", since=since)
    received = bytes(ami.raw[since:])
    assert b"\r\nEvent: Hangup%" not in received
    arrived = await ami.until(rb"UserEvent: HotlineArrived", since=since)
    assert b"CallerIDNum: 1380" in arrived
    assert arrived.endswith(b"Line: 12345")

"""The link lasts: it connects again, corrects itself, and tells what was lost."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from telephony.ami.action import Action
from telephony.errors import NotConnectedError
from telephony.events import CallEvent, CallRecord, Event, Outcome, SeatChanged
from telephony.link import Link, LinkSink, LinkState, LinkStatus, LinkTimes
from tests.unit.telephony.scenes import A, answered, queued
from tests.unit.telephony.scripted_switch import (
    ScriptedSwitch,
    error,
    items,
    scripted_switch,
    silence,
    usual_answers,
)
from tests.unit.telephony.story import Leg, Story
from tests.unit.telephony.tracking import SWITCH, new_tracker, track

FAST = LinkTimes(
    connect_timeout_s=1, ping_every_s=0.05, ping_timeout_s=0.3, list_timeout_s=1, verify_every_s=0.2
)
MEMBER = (
    "Event: QueueMember\r\nQueue: 12345\r\nName: 8001\r\nLocation: PJSIP/1001\r\n"
    "StateInterface: PJSIP/1001\r\nStatus: 1\r\nPaused: 0\r\nPausedReason: \r\nWrapuptime: 0"
)


@dataclass
class Heard:
    """Everything a link tells."""

    events: list[Event] = field(default_factory=list)
    states: list[LinkState] = field(default_factory=list)
    lost: list[CallRecord] = field(default_factory=list)
    known: Sequence[CallRecord] = ()
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def load(self) -> Sequence[CallRecord]:
        return self.known

    @property
    def sink(self) -> LinkSink:
        return LinkSink(
            on_events=self.events.extend,
            on_state=self.states.append,
            on_lost=self.lost.extend,
            load_open_calls=self.load,
        )

    @property
    def calls(self) -> list[str]:
        return [event.name for event in self.events if isinstance(event, CallEvent)]

    @property
    def seats(self) -> list[str]:
        return [str(event.state) for event in self.events if isinstance(event, SeatChanged)]

    @property
    def statuses(self) -> list[LinkStatus]:
        return [state.status for state in self.states]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for ``condition`` to become true."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@asynccontextmanager
async def linked(switch: ScriptedSwitch, heard: Heard) -> AsyncIterator[Link]:
    """A link that has come up."""
    link = Link(switch.endpoint, new_tracker(), heard.sink, FAST)
    task = asyncio.create_task(link.run())
    try:
        await until(lambda: LinkStatus.UP in heard.statuses)
        yield link
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def channel_item(leg: Leg, **values: str) -> str:
    headers = dict(leg.headers()) | {"BridgeId": "", "Application": "Queue"} | values
    lines = [f"{key}: {value}" for key, value in headers.items()]
    return "\r\n".join(["Event: CoreShowChannel", *lines])


def said(messages: Sequence[bytes]) -> bytes:
    return b"".join(raw + b"\r\n\r\n" for raw in messages)


async def test_the_first_snapshot_tells_of_each_seat_once_and_verifying_adds_nothing() -> None:
    heard = Heard()
    async with scripted_switch() as switch:
        switch.answers["QueueStatus"] = items("Event: QueueParams\r\nQueue: 12345", MEMBER)
        async with linked(switch, heard) as link:
            await switch.until_told("QueueStatus", times=3)
            assert heard.seats == ["ready"]
            assert [seat.state for seat in link.tracker.seats(0)] == ["ready"]
    assert heard.statuses[:3] == [
        LinkStatus.CONNECTING, LinkStatus.SYNCHRONISING, LinkStatus.UP,
    ]  # fmt: skip
    assert heard.states[-1] == LinkState(LinkStatus.DOWN, "stopped")


async def test_live_events_become_domain_events() -> None:
    heard, story = Heard(), Story()
    answered(story)
    async with scripted_switch() as switch, linked(switch, heard):
        switch.answers["CoreShowChannels"] = silence
        switch.send(said(story.messages))
        await until(lambda: "call.answered" in heard.calls)
    assert heard.calls == ["call.arrived", "call.queued", "call.ringing", "call.answered"]


async def test_a_cut_is_mended_and_what_ended_meanwhile_is_told_as_lost() -> None:
    heard, story = Heard(), Story()
    caller, leg = answered(story)
    async with scripted_switch() as switch:
        up = items(
            channel_item(caller, BridgeId="b1"),
            channel_item(leg, BridgeId="b1", Application="AppQueue"),
        )
        async with linked(switch, heard) as link:
            switch.answers["CoreShowChannels"] = up
            switch.send(said(story.messages))
            await until(lambda: "call.answered" in heard.calls)
            switch.answers["CoreShowChannels"] = items()
            switch.connections[-1].transport.abort()
            await until(lambda: bool(heard.lost))
            assert [call.uniqueid for call in heard.lost] == [caller.uniqueid]
            assert heard.lost[0].outcome is None
            assert not link.tracker.open_calls(story.now)
    assert LinkStatus.DOWN in heard.statuses
    assert "call.ended" not in heard.calls


async def test_a_half_open_connection_is_noticed_by_its_silence() -> None:
    heard = Heard()
    async with scripted_switch() as switch, linked(switch, heard) as link:
        switch.answers["Ping"] = silence
        await until(lambda: LinkStatus.DOWN in heard.statuses)
        assert "no answer to Ping" in heard.states[heard.statuses.index(LinkStatus.DOWN)].reason
        switch.answers = usual_answers()
        await until(lambda: heard.statuses[-1] is LinkStatus.UP)
        assert (await link.request(Action("Ping"))).succeeded


async def test_a_wrong_password_is_refused_and_tried_again() -> None:
    heard = Heard()
    async with scripted_switch() as switch:
        switch.answers["Login"] = error("Authentication failed")
        link = Link(switch.endpoint, new_tracker(), heard.sink, FAST)
        task = asyncio.create_task(link.run())
        await until(lambda: LinkStatus.REFUSED in heard.statuses)
        assert "Authentication failed" in link.state.reason
        with pytest.raises(NotConnectedError, match="Authentication failed"):
            await link.request(Action("Ping"))
        switch.answers = usual_answers()
        await until(lambda: heard.statuses[-1] is LinkStatus.UP)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_events_during_the_snapshot_resurrect_and_double_nothing() -> None:
    """CoreShowChannels is slow: a call ends, one begins, and both are still or already listed."""
    old, new = Story(), Story()
    ending, leg = answered(old)
    told = track(old.messages).last
    new.serial = old.serial
    new.now = old.now + 60
    starting = queued(new)
    old.now = new.now + 1
    old.hangup(ending)
    old.hangup(leg)
    heard = Heard(known=[told])
    async with scripted_switch() as switch:
        listed = items(
            channel_item(ending, BridgeId="b1"),
            channel_item(leg, BridgeId="b1", Application="AppQueue"),
            channel_item(starting),
        )
        switch.answers["CoreShowChannels"] = lambda action: (
            said([*new.messages, old.messages[-2], old.messages[-1]]).decode()
            + (listed(action) or "")
        )
        async with linked(switch, heard) as link:
            switch.answers["CoreShowChannels"] = listed  # phantoms: listed although they ended
            await switch.until_told("CoreShowChannels", times=3)
            [call] = link.tracker.open_calls(new.now)
    assert call.uniqueid == starting.uniqueid
    assert heard.calls.count("call.arrived") == 1
    assert heard.calls.count("call.ended") == 1
    [ended] = [e.call for e in heard.events if isinstance(e, CallEvent) and e.name == "call.ended"]
    assert (ended.uniqueid, ended.outcome) == (ending.uniqueid, Outcome.ANSWERED)
    assert not heard.lost


def booted(action: dict[str, str], uptime_s: int) -> str:
    """The answer to a login at a switchboard that started so long ago."""
    said_first = usual_answers()["Login"](action) or ""
    event = f"Event: FullyBooted\r\nStatus: Fully Booted\r\nUptime: {uptime_s}\r\n\r\n"
    return said_first + event


async def test_calls_from_before_a_restart_are_closed_as_such() -> None:
    story = Story()
    answered(story)
    heard = Heard(known=[track(story.messages).last])
    async with scripted_switch() as switch:
        switch.answers["Login"] = lambda action: booted(action, 3)
        async with linked(switch, heard):
            await until(lambda: "call.ended" in heard.calls)
    [call] = [e.call for e in heard.events if isinstance(e, CallEvent)]
    assert (call.outcome, call.switchboard) == (Outcome.SWITCH_RESTART, SWITCH)
    assert not heard.lost


async def test_what_a_restart_cut_lasted_until_the_switchboard_hung_up() -> None:
    heard, story = Heard(), Story()
    async with scripted_switch() as switch, linked(switch, heard) as link:
        story.now = link.switch_now() - 60
        answered(story)
        switch.send(said(story.messages))
        await until(lambda: "call.answered" in heard.calls)
        switch.answers["Login"] = lambda action: booted(action, 0)
        died_at = link.switch_now()
        switch.connections[-1].transport.abort()
        await until(lambda: "call.ended" in heard.calls)
        back_after_s = link.switch_now() - died_at
    [call] = [e.call for e in heard.events if isinstance(e, CallEvent) and e.name == "call.ended"]
    assert call.ended_at is not None
    assert call.ended_at.timestamp() - died_at < back_after_s / 2
    assert call.talk_s == pytest.approx(died_at - story.now, abs=back_after_s / 2)


async def test_the_wrap_up_ends_by_the_clock() -> None:
    heard, story = Heard(), Story()
    async with scripted_switch() as switch:
        link = Link(switch.endpoint, new_tracker(wrap_up_s=0.1), heard.sink, FAST)
        task = asyncio.create_task(link.run())
        await until(lambda: LinkStatus.UP in heard.statuses)
        switch.answers["QueueStatus"] = items(MEMBER)
        story.now = link.switch_now() - 3  # the length of the greeting
        story.member("QueueMemberAdded", "8001", A)
        caller, leg = answered(story, ring_s=0)
        story.part("b1", leg, caller)
        story.hangup(caller)
        switch.send(said(story.messages))
        await until(lambda: heard.seats[-2:] == ["wrap_up", "ready"])
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

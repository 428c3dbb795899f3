"""A wrap-up that the switchboard holds lasts exactly as long as that; nobody is held for ever."""

import pytest

from telephony.ami.action import encode
from telephony.ami.message import Message
from telephony.errors import UnsafeValueError
from telephony.seats.hold_back import disarm, end_timers, extension_of, hold_back, timer_interface
from telephony.seats.seat import WRAP_UP_REASON
from telephony.snapshot import Snapshot
from telephony.tracker import Tracker
from tests.unit.telephony.scenes import A, agent_hangs_up, answered
from tests.unit.telephony.story import Story
from tests.unit.telephony.test_restore import restore
from tests.unit.telephony.tracking import new_tracker, track

WRAP_UP = {"Paused": "1", "PausedReason": WRAP_UP_REASON}
BREAK = {"Paused": "1", "PausedReason": "小休"}
SECOND = "PJSIP/1004"


def wrapping(wrap_up_s: float = 20) -> tuple[Story, Tracker]:
    """Agent 8001 has just had a call."""
    story, tracker = Story(), new_tracker(wrap_up_s=wrap_up_s)
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    agent_hangs_up(story, caller, leg)
    track(story.messages, tracker)
    return story, tracker


def tell(story: Story, tracker: Tracker, event: str, **values: str) -> list[str]:
    """States of 8001 that a message of his membership brings."""
    story.member(event, "8001", A, **values)
    return track(story.messages[-1:], tracker).states("8001")


def states(tracker: Tracker) -> list[str]:
    return [str(seat.state) for seat in tracker.seats(0.0)]


def test_it_goes_on_past_its_time_while_it_is_held() -> None:
    story, tracker = wrapping()
    assert tell(story, tracker, "QueueMemberPause", **WRAP_UP) == []
    assert not tracker.tick(story.now + 60)
    assert tracker.due_at is None
    assert states(tracker) == ["wrap_up"]
    assert tell(story, tracker, "QueueMemberPause", Paused="0") == ["ready"]


def test_the_pause_that_ends_early_ends_it() -> None:
    story, tracker = wrapping()
    tell(story, tracker, "QueueMemberPause", **WRAP_UP)
    assert tell(story, tracker, "QueueMemberPause", Paused="0") == ["ready"]
    assert tracker.due_at is None


def test_a_break_in_it_ends_it() -> None:
    story, tracker = wrapping()
    tell(story, tracker, "QueueMemberPause", **WRAP_UP)
    assert tell(story, tracker, "QueueMemberPause", **BREAK) == ["not_ready"]
    assert tracker.wrap_up_of("8001") is None


def test_a_break_before_it_follows_it_and_is_not_to_be_held() -> None:
    story, tracker = Story(), new_tracker(wrap_up_s=20)
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    story.member("QueueMemberPause", "8001", A, Status="2", **BREAK)
    agent_hangs_up(story, caller, leg)
    assert track(story.messages, tracker).states("8001")[-1] == "wrap_up"
    wrap_up = tracker.wrap_up_of("8001")
    assert wrap_up is not None
    assert wrap_up.members == ()
    [after] = tracker.tick(story.now + 21)
    assert (after.state, after.reason) == ("not_ready", "小休")  # type: ignore[union-attr] # a seat's


def test_what_is_to_be_held_are_the_members_nobody_paused() -> None:
    story, tracker = Story(), new_tracker(wrap_up_s=20)
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8001", A, Queue="expert", **BREAK)
    story.member("QueueMemberAdded", "8001", SECOND)
    caller, leg = answered(story)
    agent_hangs_up(story, caller, leg)
    track(story.messages, tracker)
    wrap_up = tracker.wrap_up_of("8001")
    assert wrap_up is not None
    assert sorted(wrap_up.members) == [("12345", A), ("12345", SECOND)]
    assert wrap_up.until == pytest.approx(wrap_up.since + 20)


def test_prolonged_without_being_held() -> None:
    story, tracker = wrapping()
    tracker.prolong_wrap_up("8001", story.now + 90)
    assert tracker.due_at == pytest.approx(story.now + 90)
    assert not tracker.tick(story.now + 60)
    assert len(tracker.tick(story.now + 91)) == 1
    tracker.prolong_wrap_up("8001", story.now + 200)
    assert tracker.due_at is None


def test_the_next_talk_begins_and_ends_a_wrap_up_of_its_own() -> None:
    story, tracker = wrapping()
    tell(story, tracker, "QueueMemberPause", **WRAP_UP)
    first = tracker.wrap_up_of("8001")
    done = len(story.messages)
    story.wait(5)
    caller, leg = answered(story)
    agent_hangs_up(story, caller, leg)
    assert track(story.messages[done:], tracker).states("8001")[-2:] == ["talking", "wrap_up"]
    second = tracker.wrap_up_of("8001")
    assert first is not None
    assert second is not None
    assert second.since > first.since


def member(last_pause: float, reason: str = WRAP_UP_REASON) -> Message:
    return Message(
        f"Event: QueueMember\r\nQueue: 12345\r\nName: 8001\r\nLocation: {A}\r\nStatus: 1\r\n"
        f"StateInterface: {A}\r\nPaused: 1\r\nPausedReason: {reason}\r\n"
        f"LastPause: {last_pause:.0f}\r\nWrapuptime: 0".encode()
    )


def timer(extension: str = "1001") -> Message:
    channel = f"Local/{extension}@wrap-up-00000007;2"
    return Message(f"Event: CoreShowChannel\r\nChannel: {channel}\r\nUniqueid: x-9.9".encode())


@pytest.mark.parametrize(
    ("paused_ago_s", "reason", "channels", "orphaned"),
    [
        (30, WRAP_UP_REASON, [], True),
        (30, WRAP_UP_REASON, [timer()], False),
        (30, WRAP_UP_REASON, [timer("1002")], True),
        (2, WRAP_UP_REASON, [], False),  # the list of channels may be older than the pause
        (30, "小休", [], False),
    ],
)
def test_who_is_held_by_nobody(
    paused_ago_s: float, reason: str, channels: list[Message], orphaned: bool
) -> None:
    tracker, now = new_tracker(), 1_700_000_000.0
    snapshot = Snapshot(
        taken_at=now, channels=tuple(channels), queues=(member(now - paused_ago_s, reason),)
    )
    assert tracker.restore(snapshot).orphans == ((("12345", A),) if orphaned else ())


def test_a_gateway_that_starts_in_the_middle_shows_it() -> None:
    tracker = new_tracker(wrap_up_s=20)
    restore(tracker, 1_700_000_000.0, [timer()], [member(1_700_000_000.0 - 9)])
    assert states(tracker) == ["wrap_up"]
    wrap_up = tracker.wrap_up_of("8001")
    assert wrap_up is not None
    assert (wrap_up.until, wrap_up.held) == (None, True)
    ready = Message(member(0).raw.replace(b"Paused: 1", b"Paused: 0"))
    restore(tracker, 1_700_000_060.0, [], [ready])
    assert states(tracker) == ["ready"]


def test_what_is_sent() -> None:
    plan = hold_back(A, ("12345", "expert"), 19.5, "0123456789abcdef")
    sent = encode(plan.actions[0], "1").decode()
    assert "Channel: Local/1001@wrap-up/n\r\n" in sent
    assert "Variable: __WRAP_UP_QUEUES=12345:expert\r\nVariable: __WRAP_UP_S=19.500\r\n" in sent
    assert "Timeout: 29500\r\n" in sent
    assert timer_interface(A) == "Local/1001@wrap-up"
    assert disarm(A).headers == {"Variable": "WRAP_UP_1001", "Value": "none"}
    assert end_timers(A).headers == {"Channel": "/^Local/1001@wrap-up-/"}


@pytest.mark.parametrize(
    ("interface", "queues", "seconds", "token"),
    [
        ("Local/1001@seat/n", ("12345",), 5.0, "0123456789abcdef"),
        ("PJSIP/1001,x", ("12345",), 5.0, "0123456789abcdef"),
        (A, ("${SHELL(x)}",), 5.0, "0123456789abcdef"),
        (A, ("12345",), 0.0, "0123456789abcdef"),
        (A, ("12345",), 1e9, "0123456789abcdef"),
        (A, ("12345",), 5.0, "none"),
    ],
)
def test_what_may_not_be_sent(
    interface: str, queues: tuple[str, ...], seconds: float, token: str
) -> None:
    with pytest.raises(UnsafeValueError):
        hold_back(interface, queues, seconds, token)


def test_only_a_seats_phone_has_an_extension() -> None:
    assert [extension_of(one) for one in (A, "PJSIP/trunk", "Local/1001@seat")] == [
        "1001",
        None,
        None,
    ]

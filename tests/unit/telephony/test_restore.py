"""A snapshot corrects what is known, and believes nothing it does not show."""

import pytest

from telephony.ami.message import Message
from telephony.events import CallEvent, CallRecord, Outcome, SeatChanged
from telephony.snapshot import Snapshot
from telephony.tracker import Restored, Tracker
from tests.unit.telephony.scenes import A, B, answered, queued
from tests.unit.telephony.story import START, Leg, Story
from tests.unit.telephony.tracking import new_tracker, track


def member(agent: str, interface: str, **values: str) -> Message:
    standing = {"Status": "1", "Paused": "0", "PausedReason": "", "Wrapuptime": "0"} | values
    lines = ["Event: QueueMember", "Queue: 12345", f"Name: {agent}", f"Location: {interface}"]
    lines += [f"StateInterface: {interface}", *(f"{k}: {v}" for k, v in standing.items())]
    return Message("\r\n".join(lines).encode())


def listed(leg: Leg, bridge: str = "", application: str = "Queue", state: str = "6") -> Message:
    lines = [f"{key}: {value}" for key, value in leg.headers(state=state)]
    lines += [f"BridgeId: {bridge}", f"Application: {application}", "ApplicationData: 12345,t"]
    return Message("\r\n".join(["Event: CoreShowChannel", *lines]).encode())


def entry(caller: Leg, waited: int) -> Message:
    return Message(
        "Event: QueueEntry\r\nQueue: 12345\r\nPosition: 3\r\n"
        f"Uniqueid: {caller.uniqueid}\r\nWait: {waited}".encode()
    )


def restore(
    tracker: Tracker,
    at: float,
    channels: list[Message],
    queues: list[Message],
    *,
    known: tuple[CallRecord, ...] = (),
    meanwhile: tuple[bytes, ...] = (),
    booted_at: float | None = None,
    heard_at: float | None = None,
) -> Restored:
    snapshot = Snapshot(at, tuple(channels), tuple(queues), meanwhile, booted_at, heard_at)
    return tracker.restore(snapshot, known)


def calls(restored: Restored) -> list[str]:
    return [event.name for event in restored.events if isinstance(event, CallEvent)]


def seats(restored: Restored) -> dict[str, str]:
    return {
        event.agent: str(event.state) for event in restored.events if isinstance(event, SeatChanged)
    }


def test_the_first_snapshot_gives_one_event_per_seat() -> None:
    tracker = new_tracker()
    restored = restore(
        tracker,
        START,
        [],
        [member("8001", A), member("8002", B, Paused="1", PausedReason="就餐"),
         member("8003", "PJSIP/1003", Status="5")],
    )  # fmt: skip
    assert len(restored.events) == 3
    assert seats(restored) == {"8001": "ready", "8002": "not_ready", "8003": "unreachable"}


def test_a_waiting_caller_nobody_knew_is_found() -> None:
    story, tracker = Story(), new_tracker()
    caller = queued(story)
    restored = restore(tracker, START + 30, [listed(caller)], [entry(caller, 20)])
    assert calls(restored) == ["call.arrived", "call.queued"]
    [call] = tracker.open_calls(START + 30)
    assert (call.queue, call.line, call.caller) == ("12345", "12345", "13800000001")
    assert call.arrived_at.timestamp() == START
    assert call.wait_s == 20


def test_a_transferred_caller_nobody_knew_has_no_line_yet() -> None:
    """Where he is now he has the colleague's number; the records know which one he dialled."""
    story, tracker = Story(), new_tracker()
    caller = queued(story)
    caller.context, caller.exten = "seats", "1002"
    restore(tracker, START + 30, [listed(caller, application="Dial")], [])
    [call] = tracker.open_calls(START + 30)
    assert call.line == ""


def test_a_conversation_nobody_knew_is_found_and_its_end_seen() -> None:
    story, tracker = Story(), new_tracker()
    caller, leg = answered(story)
    found = [listed(caller, "b1"), listed(leg, "b1", "AppQueue")]
    restored = restore(tracker, START + 60, found, [member("8001", A, Status="2")])
    assert calls(restored) == ["call.arrived", "call.answered"]
    assert seats(restored) == {"8001": "talking"}
    story.now = START + 100
    before = len(story.messages)
    story.part("b1", leg, caller)
    story.hangup(leg)
    story.hangup(caller)
    call = track(story.messages[before:], tracker).last
    assert (call.outcome, call.queue, call.agent) == (Outcome.ANSWERED, "12345", "8001")
    assert call.agents[0].talk_s == pytest.approx(40, abs=0.1)


def test_a_seat_found_busy_is_told_once_and_with_its_queues() -> None:
    caller, leg = answered(Story())
    found = [listed(caller, "b1"), listed(leg, "b1", "AppQueue")]
    restored = restore(new_tracker(), START + 60, found, [member("8001", A, Status="2")])
    [told] = [event for event in restored.events if isinstance(event, SeatChanged)]
    assert (told.state, told.queues) == ("talking", ("12345",))


def test_a_ringing_seat_is_found() -> None:
    story, tracker = Story(), new_tracker()
    caller = queued(story)
    leg = story.new_leg(A, caller.linkedid)
    restored = restore(
        tracker,
        START + 9,
        [listed(caller), listed(leg, "", "AppQueue", state="5")],
        [member("8001", A, Status="6"), entry(caller, 6)],
    )
    assert calls(restored) == ["call.arrived", "call.queued", "call.ringing"]
    assert seats(restored)["8001"] == "ringing"


def test_a_recorded_call_goes_on_where_it_was() -> None:
    story = Story()
    caller, leg = answered(story)
    known = track(story.messages).last
    tracker = new_tracker()
    found = [listed(caller, "b1"), listed(leg, "b1", "AppQueue")]
    restored = restore(tracker, story.now + 50, found, [member("8001", A)], known=(known,))
    assert calls(restored) == []
    story.wait(80)
    before = len(story.messages)
    story.hangup(caller)
    call = track(story.messages[before:], tracker).last
    assert call.arrived_at == known.arrived_at
    assert call.wait_s == known.wait_s
    assert call.revision > known.revision
    assert [part.agent for part in call.agents] == ["8001"]


def test_who_began_to_listen_in_the_middle_tells_the_same_end() -> None:
    """A call that ends while a second gateway asks for its first lists: one end, not two."""
    story = Story()
    caller, leg = answered(story)
    known = track(story.messages).last
    before = len(story.messages)
    story.hangup(leg)
    story.hangup(caller)
    after = tuple(story.messages[before:])
    found = [listed(caller, "b1"), listed(leg, "b1", "AppQueue")]
    restored = restore(
        new_tracker(), story.now + 1, found, [member("8001", A)], known=(known,), meanwhile=after
    )
    ends = [
        [event for event in events if isinstance(event, CallEvent) and event.name == "call.ended"]
        for events in (track(story.messages).events, restored.events)
    ]
    assert [len(told) for told in ends] == [1, 1]
    assert ends[0][0].at != ends[1][0].at
    assert ends[0][0].event_id == ends[1][0].event_id


def test_a_tracked_state_is_not_disturbed_by_verifying_it() -> None:
    story, tracker = Story(), new_tracker()
    caller, leg = answered(story)
    waiting = queued(story)
    track(story.messages, tracker)
    members = [member("8001", A, Status="2")]
    found = [listed(caller, "b1"), listed(leg, "b1", "AppQueue"), listed(waiting)]
    first = restore(tracker, story.now + 1, found, [*members, entry(waiting, 1)])
    again = restore(tracker, story.now + 2, found, [*members, entry(waiting, 2)])
    assert calls(first) == []
    assert not again.events
    assert not again.lost


def test_a_channel_that_is_not_listed_is_gone_and_its_call_lost() -> None:
    story, tracker = Story(), new_tracker()
    story.member("QueueMemberAdded", "8001", A)
    caller, _ = answered(story)
    track(story.messages, tracker)
    restored = restore(tracker, story.now + 9, [], [member("8001", A)])
    assert [call.uniqueid for call in restored.lost] == [caller.uniqueid]
    assert restored.lost[0].outcome is None
    assert calls(restored) == []
    assert seats(restored) == {"8001": "ready"}
    assert tracker.open_calls(story.now) == []


@pytest.mark.parametrize(
    ("heard_s", "talked_s"),
    [(20, 20), (70, 50), (None, 0)],  # s after the conversation began; Asterisk started at 50
)
def test_calls_from_before_the_start_of_the_switch_were_cut(
    heard_s: float | None, talked_s: float
) -> None:
    """They last until it was last heard of, not until it is back."""
    story, tracker = Story(), new_tracker()
    caller, _ = answered(story)
    track(story.messages, tracker)
    began = story.now
    heard_at = None if heard_s is None else began + heard_s
    seated = [member("8001", A)]
    restored = restore(tracker, began + 60, [], seated, booted_at=began + 50, heard_at=heard_at)
    [event] = [one for one in restored.events if isinstance(one, CallEvent)]
    assert (event.name, event.call.uniqueid) == ("call.ended", caller.uniqueid)
    assert event.call.outcome is Outcome.SWITCH_RESTART
    assert event.call.answered
    assert event.call.ended_at is not None
    assert event.call.ended_at.timestamp() == pytest.approx(began + talked_s, abs=0.01)
    assert event.call.talk_s == pytest.approx(talked_s, abs=0.01)
    assert event.call.agents[0].talk_s == pytest.approx(talked_s, abs=0.01)
    assert not restored.lost
    assert seats(restored) == {"8001": "ready"}


def test_a_caller_who_waited_when_the_switch_died_waited_until_then() -> None:
    story, tracker = Story(), new_tracker()
    queued(story)
    track(story.messages, tracker)
    since = story.now
    restored = restore(tracker, since + 60, [], [], booted_at=since + 50, heard_at=since + 20)
    [event] = [one for one in restored.events if isinstance(one, CallEvent)]
    assert event.call.outcome is Outcome.SWITCH_RESTART
    assert event.call.wait_s == pytest.approx(20, abs=0.01)


def test_a_phantom_that_stays_listed_is_quarantined() -> None:
    story, tracker = Story(), new_tracker()
    caller = queued(story)
    story.hangup(caller)
    track(story.messages, tracker)
    restored = restore(tracker, story.now + 9, [listed(caller)], [entry(caller, 9)])
    assert restored.quarantined == {caller.uniqueid}
    assert not restored.events
    assert tracker.open_calls(story.now) == []


def test_a_seat_that_was_stuck_is_corrected() -> None:
    story, tracker = Story(), new_tracker()
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    track(story.messages, tracker)
    restored = restore(
        tracker,
        story.now + 9,
        [listed(caller)],
        [member("8001", A, Paused="1", PausedReason="会议")],
    )
    assert leg.uniqueid not in {call.uniqueid for call in restored.lost}
    assert seats(restored) == {"8001": "not_ready"}


def test_a_seat_no_longer_in_any_queue_is_logged_out() -> None:
    story, tracker = Story(), new_tracker()
    story.member("QueueMemberAdded", "8001", A)
    track(story.messages, tracker)
    assert seats(restore(tracker, story.now, [], [])) == {"8001": "logged_out"}


@pytest.mark.parametrize("seen_by_the_list", [True, False])
def test_a_call_that_began_meanwhile_is_neither_lost_nor_doubled(seen_by_the_list: bool) -> None:
    story, tracker = Story(), new_tracker()
    caller = queued(story)
    found = [listed(caller)] if seen_by_the_list else []
    restored = restore(
        tracker, story.now, found, [entry(caller, 0)], meanwhile=tuple(story.messages)
    )
    assert calls(restored) == ["call.arrived", "call.queued"]
    assert not restored.lost


@pytest.mark.parametrize("still_listed", [True, False])
def test_a_call_that_ended_meanwhile_ends_as_it_did(still_listed: bool) -> None:
    story, tracker = Story(), new_tracker()
    caller, leg = answered(story)
    track(story.messages, tracker)
    before = len(story.messages)
    story.wait(5)
    story.part("b1", leg, caller)
    story.hangup(leg)
    story.hangup(caller)
    found = [listed(caller, "b1"), listed(leg, "b1", "AppQueue")] if still_listed else []
    restored = restore(
        tracker, story.now, found, [member("8001", A)], meanwhile=tuple(story.messages[before:])
    )
    assert calls(restored) == ["call.ended"]
    [event] = [one for one in restored.events if isinstance(one, CallEvent)]
    assert event.call.outcome is Outcome.ANSWERED
    assert event.call.talk_s == pytest.approx(5, abs=0.1)
    assert not restored.lost
    assert tracker.open_calls(story.now) == []


def test_a_recorded_call_that_ended_meanwhile_ends_as_it_did() -> None:
    story = Story()
    caller = queued(story)
    known = track(story.messages).last
    before = len(story.messages)
    story.wait(7)
    story.hangup_request(caller)
    story.queue_abandon(caller, 7)
    story.hangup(caller)
    restored = restore(
        new_tracker(), story.now, [], [], known=(known,), meanwhile=tuple(story.messages[before:])
    )
    assert calls(restored) == ["call.abandoned", "call.ended"]
    [*_, event] = [one for one in restored.events if isinstance(one, CallEvent)]
    assert event.call.outcome is Outcome.ABANDONED_QUEUE
    assert not restored.lost


def test_our_own_attempts_and_seats_in_the_list_are_no_callers() -> None:
    survey = Leg("survey-12", "PJSIP/trunk-00000001", "survey-12", "13900000001", "survey", "s")
    seat = Leg("sw-1795000000.7", "PJSIP/1001-00000002", "sw-1795000000.7", "1001", "seats", "9")
    restored = restore(
        new_tracker(), START, [listed(survey, "", "AGI"), listed(seat)], [member("8001", A)]
    )
    assert calls(restored) == []

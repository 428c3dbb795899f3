"""A seat shows one state, whatever number of queues, devices and calls speak of it."""

import re

import pytest

from telephony.events import SeatState
from telephony.seats.transitions import TABLE, Device, SeatTrigger, Work, shown
from tests.unit.telephony.scenes import A, agent_hangs_up, answered, queued, ring
from tests.unit.telephony.story import Story
from tests.unit.telephony.tracking import new_tracker, track

S, W, D = SeatState, Work, Device


@pytest.mark.parametrize(
    ("work", "logged_in", "paused", "device", "state"),
    [
        (W.NONE, False, True, D.NOT_IN_USE, S.LOGGED_OUT),
        (W.NONE, True, False, D.NOT_IN_USE, S.READY),
        (W.NONE, True, False, D.UNKNOWN, S.READY),
        (W.NONE, True, True, D.NOT_IN_USE, S.NOT_READY),
        (W.NONE, True, False, D.UNAVAILABLE, S.UNREACHABLE),
        (W.NONE, True, False, D.INVALID, S.UNREACHABLE),
        (W.NONE, True, True, D.UNAVAILABLE, S.NOT_READY),
        (W.NONE, True, False, D.IN_USE, S.TALKING),
        (W.NONE, True, True, D.IN_USE, S.TALKING),
        (W.NONE, True, False, D.RINGING, S.RINGING),
        (W.NONE, True, False, D.ON_HOLD, S.HOLD),
        (W.RINGING, True, False, D.NOT_IN_USE, S.RINGING),
        (W.TALKING, True, True, D.IN_USE, S.TALKING),
        (W.TALKING, False, False, D.IN_USE, S.TALKING),
        (W.HOLD, True, False, D.IN_USE, S.HOLD),
        (W.WRAP_UP, True, True, D.NOT_IN_USE, S.WRAP_UP),
        (W.WRAP_UP, False, False, D.NOT_IN_USE, S.LOGGED_OUT),
    ],
)
def test_what_is_shown(
    work: Work, logged_in: bool, paused: bool, device: Device, state: SeatState
) -> None:
    assert shown(work, device, logged_in=logged_in, paused=paused) is state


def test_every_work_can_end() -> None:
    for work, row in TABLE.items():
        assert set(row.values()) - {work}, f"{work} is a trap"
    reached = {one for row in TABLE.values() for one in row.values()}
    assert reached == set(Work)
    assert set(TABLE) == reached - {Work.WRAP_UP}
    assert {trigger for row in TABLE.values() for trigger in row} == set(SeatTrigger)


def test_a_day_at_the_seat() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    story.wait(10)
    story.hold(leg, on=True)
    story.wait(3)
    story.hold(leg, on=False)
    agent_hangs_up(story, caller, leg)
    story.hangup(caller)
    story.member("QueueMemberPause", "8001", A, Paused="1", PausedReason="午餐")
    story.member("QueueMemberPause", "8001", A, Paused="0")
    story.member("QueueMemberRemoved", "8001", A)
    told = track(story.messages)
    assert told.states("8001") == [
        "ready", "ringing", "talking", "hold", "talking", "ready", "not_ready", "ready",
        "logged_out",
    ]  # fmt: skip
    busy = [seat for seat in told.seats if seat.state in {S.RINGING, S.TALKING, S.HOLD}]
    assert {seat.call_id for seat in busy} == {told.last.call_id}
    paused = next(seat for seat in told.seats if seat.state is S.NOT_READY)
    assert paused.reason == "午餐"
    assert told.seats[0].queues == ("12345",)


def test_the_device_that_lags_behind_shows_no_second_call() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    caller = queued(story)
    leg = ring(story, caller, "8001", A)
    story.member("QueueMemberStatus", "8001", A, Status="6")
    story.ring_no_answer(caller, leg, "8001", A)
    story.member("QueueMemberStatus", "8001", A, Status="1")
    assert track(story.messages).states("8001") == ["ready", "ringing", "ready"]


@pytest.mark.parametrize("telephone_first", [False, True])
def test_the_telephone_may_be_told_before_the_call_that_rings_there(
    *, telephone_first: bool
) -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    caller = queued(story)
    if telephone_first:
        story.member("QueueMemberStatus", "8001", A, Status="3")
    leg = ring(story, caller, "8001", A)
    if not telephone_first:
        story.member("QueueMemberStatus", "8001", A, Status="3")
    story.ring_no_answer(caller, leg, "8001", A)
    told = track(story.messages)
    assert told.states("8001") == ["ready", "ringing", "ready"]
    assert told.seats[1].call_id == told.last.call_id


def test_changes_within_one_instant_have_ids_of_their_own() -> None:
    story = Story()
    for queue in ("12345", "expert"):
        story.member("QueueMemberAdded", "8001", A, Queue=queue)
    stamp = re.compile(rb"Timestamp: [0-9.]+")
    at_once = [stamp.sub(b"Timestamp: 1700000000.000001", raw) for raw in story.messages]
    told = track(at_once)
    assert [seat.queues for seat in told.seats] == [("12345",), ("12345", "expert")]
    assert len({seat.event_id for seat in told.seats}) == 2
    assert told.seats[0].at == told.seats[1].at  # it is ready since then


def test_a_telephone_that_is_busy_without_a_call_of_ours_is_believed_and_dated_back() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.wait(10)
    story.member("QueueMemberStatus", "8001", A, Status="2")
    busy_at = story.now
    tracker = new_tracker()
    told = track(story.messages, tracker)
    assert told.states("8001") == ["ready"]
    [talking] = tracker.tick(tracker.due_at or 0.0)
    assert talking.state is S.TALKING  # type: ignore[union-attr] # the only event is the seat's
    assert talking.at.timestamp() == pytest.approx(busy_at, abs=0.1)
    assert tracker.due_at is None


def test_one_that_was_busy_is_told_also_when_the_next_message_says_it_is_idle() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberStatus", "8001", A, Status="2")
    story.wait(10)
    story.member("QueueMemberStatus", "8001", A, Status="1")
    assert track(story.messages).states("8001") == ["ready", "talking", "ready"]


def test_wrap_up_ends_at_its_deadline() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    story.wait(10)
    agent_hangs_up(story, caller, leg)
    story.hangup(caller)
    tracker = new_tracker(wrap_up_s=20)
    told = track(story.messages, tracker)
    assert told.states("8001")[-1] == "wrap_up"
    assert tracker.due_at == pytest.approx(story.now + 20, abs=0.1)
    assert not tracker.tick(story.now + 19)
    [ready] = tracker.tick(story.now + 21)
    assert ready.state is S.READY  # type: ignore[union-attr] # the only event is the seat's
    assert ready.at.timestamp() == pytest.approx(story.now + 20, abs=0.1)
    assert tracker.due_at is None


def test_a_second_call_at_the_same_seat_hides_neither() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    first, leg = answered(story)
    second = queued(story)
    other = ring(story, second, "8001", A)
    story.ring_no_answer(second, other, "8001", A)
    agent_hangs_up(story, first, leg)
    assert track(story.messages).states("8001") == ["ready", "ringing", "talking", "ready"]


def test_a_call_that_rings_during_wrap_up_does_not_end_it() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    agent_hangs_up(story, caller, leg)
    second = queued(story)
    story.ring_no_answer(second, ring(story, second, "8001", A), "8001", A)
    told = track(story.messages, new_tracker(wrap_up_s=60))
    assert told.states("8001")[-3:] == ["wrap_up", "ringing", "wrap_up"]


def test_wrap_up_ends_by_hand_and_only_then() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    caller, leg = answered(story)
    tracker = new_tracker(wrap_up_s=20)
    track(story.messages, tracker)
    assert not tracker.finish_wrap_up("8001", story.now)
    done = len(story.messages)
    agent_hangs_up(story, caller, leg)
    track(story.messages[done:], tracker)
    assert len(tracker.finish_wrap_up("8001", story.now + 1)) == 1
    assert not tracker.finish_wrap_up("8001", story.now + 1)
    assert not tracker.finish_wrap_up("9999", story.now + 1)


def test_the_members_own_wrap_up_time_counts_before_the_queues() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A, Wrapuptime="5")
    caller, leg = answered(story)
    agent_hangs_up(story, caller, leg)
    tracker = new_tracker(wrap_up_s=20)
    track(story.messages, tracker)
    assert tracker.due_at == pytest.approx(story.now + 5, abs=0.1)


def test_not_ready_in_one_of_two_queues_is_ready() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8001", A, Queue="expert", Paused="1", PausedReason="培训")
    story.member("QueueMemberPause", "8001", A, Paused="1", PausedReason="会议")
    told = track(story.messages)
    assert told.states("8001") == ["ready", "ready", "not_ready"]
    assert told.seats[1].queues == ("12345", "expert")


def test_a_telephone_that_comes_to_rest_frees_a_stuck_seat() -> None:
    """The messages that ended the call were lost."""
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    answered(story)
    story.member("QueueMemberStatus", "8001", A, Status="2")
    story.member("QueueMemberStatus", "8001", A, Status="1")
    assert track(story.messages).states("8001") == ["ready", "ringing", "talking", "ready"]


def test_a_member_without_a_name_is_called_by_its_extension() -> None:
    story = Story()
    story.member("QueueMemberAdded", "Local/1007@seat/n", "Local/1007@seat/n")
    story.member("QueueMemberAdded", "PJSIP/1008", "PJSIP/1008")
    assert [seat.agent for seat in track(story.messages).seats] == ["1007", "1008"]


def test_a_state_keeps_the_time_it_was_entered() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    tracker = new_tracker()
    [ready] = track(story.messages, tracker).seats
    story.wait(60)
    story.member("QueueMemberAdded", "8001", A, Queue="expert")
    [further] = track(story.messages[1:], tracker).seats
    assert further.queues == ("12345", "expert")
    assert further.event_id != ready.event_id
    [now] = tracker.seats(story.now + 600)
    assert now.at == further.at == ready.at


SECOND = "PJSIP/1004"


def test_two_phones_are_one_seat() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8001", SECOND, Status="5")
    told = track(story.messages)
    assert told.states("8001") == ["ready", "ready"]
    assert told.seats[-1].interfaces == (A, SECOND)
    assert told.seats[-1].queues == ("12345",)


def test_the_other_phone_coming_to_rest_ends_no_call() -> None:
    story, tracker = Story(), new_tracker()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8001", SECOND)
    _, leg = answered(story)
    story.member("QueueMemberStatus", "8001", A, Status="2")
    story.member("QueueMemberStatus", "8001", SECOND, Status="6")
    story.member("QueueMemberStatus", "8001", SECOND, Status="1")
    assert track(story.messages, tracker).states("8001")[-1] == "talking"
    assert leg.name.startswith(A)


def test_a_shift_that_moves_to_another_phone() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8001", SECOND)
    story.member("QueueMemberRemoved", "8001", A)
    told = track(story.messages)
    assert told.states("8001") == ["ready"] * 3
    assert told.seats[-1].interfaces == (SECOND,)
    assert len({seat.at for seat in told.seats}) == 1  # it has been ready all the time


def test_unregistered_only_when_every_phone_is() -> None:
    story = Story()
    story.member("QueueMemberAdded", "8001", A)
    story.member("QueueMemberAdded", "8001", SECOND)
    story.member("QueueMemberStatus", "8001", A, Status="5")
    story.member("QueueMemberStatus", "8001", SECOND, Status="5")
    assert track(story.messages).states("8001")[-2:] == ["ready", "unreachable"]


def test_a_call_after_the_other_is_a_state_of_its_own() -> None:
    """Talk is counted for each call, also where one follows the other without a pause."""
    story, tracker = Story(), new_tracker()
    story.member("QueueMemberAdded", "8001", A)
    first, leg = answered(story)
    answered(story)
    story.wait(5)
    agent_hangs_up(story, first, leg)
    talks = [seat for seat in track(story.messages, tracker).seats if seat.state is S.TALKING]
    assert len({seat.call_id for seat in talks}) == 2
    assert talks[-1].at > talks[0].at

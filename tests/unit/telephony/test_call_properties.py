"""Whatever happens to however many callers at once, each gets the outcome of his own life."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.ami.frame import Framer
from telephony.events import SeatState
from tests.unit.telephony.histories import INTERFACES, Life, lives, tell_all
from tests.unit.telephony.tracking import Told, new_tracker, track

many = st.lists(lives, min_size=1, max_size=6)
NEAR = 0.02  # the story's own steps of a tenth of a millisecond add up


@given(many)
@settings(max_examples=150, deadline=None)
def test_every_life_has_its_outcome(drawn: list[Life]) -> None:
    messages, truths = tell_all(drawn)
    told = track(messages)
    assert told.ended.keys() == truths.keys()
    for uniqueid, truth in truths.items():
        call = told.ended[uniqueid]
        assert call.outcome is truth.outcome
        assert call.wait_s == (truth.wait_s and pytest.approx(truth.wait_s, abs=NEAR))
        assert [part.agent for part in call.agents] == [agent for agent, _ in truth.talks]
        for part, (_, talk_s) in zip(call.agents, truth.talks, strict=True):
            assert part.talk_s == pytest.approx(talk_s, abs=NEAR)
        assert call.hold_s == pytest.approx(truth.hold_s, abs=NEAR)


@given(many)
@settings(max_examples=50, deadline=None)
def test_in_the_end_every_seat_is_free(drawn: list[Life]) -> None:
    messages, _ = tell_all(drawn)
    tracker = new_tracker()
    track(messages, tracker)
    assert not tracker.open_calls(0.0)
    assert {seat.agent: seat.state for seat in tracker.seats(0.0)} == dict.fromkeys(
        INTERFACES, SeatState.READY
    )


@given(many, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_repeats_now_or_later_change_nothing(drawn: list[Life], random: "object") -> None:
    messages, _ = tell_all(drawn)
    repeated: list[bytes] = []
    for raw in messages:
        repeated.append(raw)
        if random.random() < 0.3:  # type: ignore[attr-defined] # hypothesis' own Random
            repeated += random.choices(repeated, k=2)  # type: ignore[attr-defined]
    assert track(repeated).events == track(messages).events


@given(many, st.integers(1, 700))
@settings(max_examples=30, deadline=None)
def test_any_slicing_of_the_bytes_gives_the_same_events(drawn: list[Life], size: int) -> None:
    messages, _ = tell_all(drawn)
    data = b"".join(raw + b"\r\n\r\n" for raw in messages)
    framer, tracker = Framer(banner_required=False), new_tracker()
    sliced = Told()
    for at in range(0, len(data), size):
        sliced.events += tracker.feed_all(framer.feed(data[at : at + size]), 1.0)
    assert sliced.events == track(messages).events


@given(many, st.data())
@settings(max_examples=50, deadline=None)
def test_neighbours_that_changed_places_leave_the_same_outcomes(
    drawn: list[Life], data: st.DataObject
) -> None:
    """Messages of different calls overtake each other; those of one call keep their order."""
    messages, truths = tell_all(drawn)
    index = data.draw(st.integers(0, len(messages) - 2))
    for at in range(index, min(index + 40, len(messages) - 1), 2):
        one, two = messages[at], messages[at + 1]
        if not any(uid.encode() in one and uid.encode() in two for uid in truths):
            messages[at], messages[at + 1] = two, one
    told = track(messages)
    assert {uid: call.outcome for uid, call in told.ended.items()} == {
        uid: truth.outcome for uid, truth in truths.items()
    }


@given(many, st.data())
@settings(max_examples=100, deadline=None)
def test_a_stream_with_holes_or_damage_never_fails(drawn: list[Life], data: st.DataObject) -> None:
    messages, truths = tell_all(drawn)
    kept = [raw for raw in messages if data.draw(st.integers(0, 9)) > 0]
    position = data.draw(st.integers(0, max(0, len(kept) - 1)))
    if kept:
        raw = bytearray(kept[position])
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        kept[position] = bytes(raw)
    told = track(kept)
    assert told.ended.keys() <= truths.keys() | {call.uniqueid for call in told.ended.values()}
    for call in told.ended.values():
        assert call.talk_s >= 0
        assert call.wait_s is None or call.wait_s >= 0

"""Whatever was not heard, in the end the calls and seats are those of the undisturbed history.

A cut is followed by a snapshot, and calls that were up or ended in the gap are compared with the
switchboard's records, as `gateway.reconciler` does it.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telephony.ami.frame import Framer
from telephony.events import CallEvent, CallRecord, Event, SeatState
from telephony.ledger import Ledger, Seating, reconstruct
from telephony.repair import TOLERANCE_S, compare
from telephony.tracker import Tracker
from tests.unit.telephony.histories import INTERFACES, Life, Truth, lives, tell_all
from tests.unit.telephony.story import TRUNK_CONTEXT
from tests.unit.telephony.switchboard_model import SwitchboardModel
from tests.unit.telephony.tracking import SWITCH, new_tracker

many = st.lists(lives, min_size=1, max_size=6)
chances = st.randoms(use_true_random=False)
ABOUT = TOLERANCE_S + 0.05
SEATS = [Seating(0.0, interface, agent) for agent, interface in INTERFACES.items()]


@dataclass
class Recorded:
    """The newest record of each call, as the recorder keeps it."""

    calls: dict[str, CallRecord] = field(default_factory=dict)

    def put(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, CallEvent):
                self.calls[event.call.uniqueid] = event.call

    def mend(self, ledger: Ledger, doubtful: set[str]) -> None:
        """Compare the doubtful calls with the records."""
        told = {uid: call for uid, call in ledger.ended.items() if uid in doubtful}
        for repair in compare(self.calls.values(), replace(ledger, ended=told)):
            self.calls[repair.call.uniqueid] = repair.call


def records_of(messages: Iterable[bytes]) -> tuple[SwitchboardModel, Ledger]:
    """A model that has seen it all, and what its records tell."""
    model = SwitchboardModel()
    for raw in messages:
        model.take(raw)
    ledger = reconstruct(
        SWITCH, model.queue_log, model.cel, inbound_contexts={TRUNK_CONTEXT}, seats=SEATS
    )
    return model, ledger


def agree(recorded: Recorded, truths: dict[str, Truth]) -> None:
    assert recorded.calls.keys() == truths.keys()
    for uniqueid, truth in truths.items():
        call = recorded.calls[uniqueid]
        assert call.outcome is truth.outcome, uniqueid
        assert call.wait_s == (truth.wait_s and pytest.approx(truth.wait_s, abs=ABOUT))
        assert [part.agent for part in call.agents] == [agent for agent, _ in truth.talks]
        total_s = sum(talk_s for _, talk_s in truth.talks) + truth.hold_s
        assert call.talk_s + call.hold_s == pytest.approx(total_s, abs=ABOUT)


def all_free(tracker: Tracker) -> None:
    assert not tracker.open_calls(0.0)
    states = {seat.agent: seat.state for seat in tracker.seats(0.0)}
    assert states == dict.fromkeys(INTERFACES, SeatState.READY)


@given(many)
@settings(max_examples=60, deadline=None)
def test_the_records_alone_tell_every_life(drawn: list[Life]) -> None:
    messages, truths = tell_all(drawn)
    _, ledger = records_of(messages)
    recorded = Recorded()
    recorded.mend(ledger, set(truths))
    agree(recorded, truths)


@given(many, chances, st.booleans())
@settings(max_examples=150, deadline=None)
def test_after_a_cut_everything_is_as_if_nothing_had_been(
    drawn: list[Life], chance: random.Random, killed: bool
) -> None:
    """``killed``: the program was, so that only what was recorded is known afterwards."""
    messages, truths = tell_all(drawn)
    cut, back, asked, answered = sorted(chance.randint(0, len(messages)) for _ in range(4))
    tracker, recorded = new_tracker(), Recorded()
    for raw in messages[:cut]:
        recorded.put(tracker.feed(raw, 1.0))
    if killed:
        tracker = new_tracker()
    known = [call for call in recorded.calls.values() if call.ended_at is None] if killed else []
    model = SwitchboardModel()
    for raw in messages[:asked]:
        model.take(raw)
    restored = tracker.restore(model.snapshot(tuple(messages[back:answered])), known)
    recorded.put(restored.events)
    doubtful = {call.uniqueid for call in tracker.open_calls(0.0)}
    doubtful |= {call.uniqueid for call in restored.lost}
    for raw in messages[answered:]:
        recorded.put(tracker.feed(raw, 1.0))
    _, before = records_of(messages[:answered])
    _, ledger = records_of(messages)
    recorded.mend(ledger, doubtful | before.ended.keys())
    agree(recorded, truths)
    all_free(tracker)


@given(many, chances)
@settings(max_examples=100, deadline=None)
def test_dropped_messages_are_made_up_for(drawn: list[Life], chance: random.Random) -> None:
    """Nobody noticed: the regular snapshot frees the seats, the comparison mends the calls."""
    messages, truths = tell_all(drawn)
    tracker, recorded = new_tracker(), Recorded()
    introduction = len(INTERFACES)
    kept = [raw for at, raw in enumerate(messages) if at < introduction or chance.random() > 0.1]
    for raw in kept:
        recorded.put(tracker.feed(raw, 1.0))
    model, ledger = records_of(messages)
    recorded.put(tracker.restore(model.snapshot()).events)
    recorded.mend(ledger, set(truths))
    agree(recorded, truths)
    all_free(tracker)


@given(many, chances)
@settings(max_examples=100, deadline=None)
def test_messages_of_different_calls_in_any_order(drawn: list[Life], chance: random.Random) -> None:
    """Those of one call, and of one seat, keep theirs; each keeps its own time."""
    messages, truths = tell_all(drawn)
    keys = {name.encode() for name in (*truths, *INTERFACES.values())}
    whose = [frozenset(key for key in keys if key in raw) for raw in messages]
    order = list(range(len(messages)))
    for _ in range(20 * len(order)):
        at = chance.randrange(len(INTERFACES), len(order))
        one, two = order[at - 1], order[at]
        if at > len(INTERFACES) and not whose[one] & whose[two]:
            order[at - 1], order[at] = two, one
    tracker, recorded = new_tracker(), Recorded()
    for index in order:
        recorded.put(tracker.feed(messages[index], 1.0))
    agree(recorded, truths)
    all_free(tracker)


@given(st.lists(lives, min_size=1, max_size=2))
@settings(max_examples=10, deadline=None)
def test_one_byte_at_a_time(drawn: list[Life]) -> None:
    messages, _ = tell_all(drawn)
    data = b"".join(raw + b"\r\n\r\n" for raw in messages)
    framer = Framer(banner_required=False)
    assert [raw for at in range(len(data)) for raw in framer.feed(data[at : at + 1])] == messages

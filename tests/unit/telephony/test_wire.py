"""Replay of recorded captures agrees, call by call, with the switchboard's own records."""

import json
from collections import Counter
from pathlib import Path

import pytest

from telephony.ami.frame import Framer
from telephony.cel import CelEvent, read_events
from telephony.events import CallEvent, CallRecord, Outcome
from telephony.ledger import Seating, reconstruct
from telephony.names import digits
from telephony.queue_log import QueueLogLine, fold, read_lines
from telephony.repair import compare
from telephony.replay import events, replay, to_json
from tests.unit.telephony.tracking import new_tracker, track

WIRE = Path(__file__).parents[2] / "wire"
CAPTURES = sorted(path for path in WIRE.glob("*.ami") if path.with_suffix(".queue_log").exists())
INBOUND = {"from-trunk"}
SEATS = [Seating(0.0, f"PJSIP/100{number}", f"800{number}") for number in (1, 2, 3)]
# Both ends of a span in queue_log are whole seconds.
SECOND = 1.01

pytestmark = pytest.mark.parametrize("capture", CAPTURES, ids=lambda path: path.stem)


def rows(capture: Path) -> dict[str, CallRecord]:
    calls = list(replay(capture, INBOUND))
    assert len({call.uniqueid for call in calls}) == len(calls)
    return {call.uniqueid: call for call in calls}


def queue_log(capture: Path) -> list[QueueLogLine]:
    result = read_lines(capture.with_suffix(".queue_log").read_text().splitlines())
    assert not result.bad
    return result.lines


def cel(capture: Path) -> list[CelEvent]:
    result = read_events(capture.with_suffix(".cel.csv").read_text().splitlines())
    assert not result.bad
    return result.events


def test_every_outcome_is_there(capture: Path) -> None:
    outcomes = {call.outcome for call in rows(capture).values()}
    elsewhere = {Outcome.SELF_SERVED, Outcome.SWITCH_RESTART, Outcome.UNSEEN}
    assert outcomes == set(Outcome) - elsewhere


def test_each_inbound_channel_of_cel_has_one_row(capture: Path) -> None:
    roots = Counter(
        event.uniqueid
        for event in cel(capture)
        if event.name == "CHAN_START"
        and event.context in INBOUND
        and event.uniqueid == event.linkedid
        and not event.uniqueid.startswith("survey-")
    )
    assert roots == Counter(rows(capture).keys())


def test_calls_agree_with_queue_log(capture: Path) -> None:
    calls = rows(capture)
    records = fold(queue_log(capture))
    entered = {uniqueid for uniqueid, call in calls.items() if call.offered} - {
        uniqueid for uniqueid, call in calls.items() if str(call.outcome).startswith("refused")
    }
    assert entered == records.keys()
    for uniqueid, record in records.items():
        call = calls[uniqueid]
        assert (call.outcome, call.queue) == (record.outcome, record.queue)
        assert call.wait_s == pytest.approx(record.wait_s, abs=SECOND)
        talks = {part.agent: part.talk_s + part.hold_s for part in call.agents}
        for agent, talk_s in record.talks.items():
            assert talks[agent] == pytest.approx(talk_s, abs=SECOND), (uniqueid, agent)
        if record.talks:
            assert call.agent == next(iter(record.talks))


def test_transfers_agree_with_queue_log(capture: Path) -> None:
    ends = {"BLINDTRANSFER": "blind", "ATTENDEDTRANSFER": "attended"}
    logged = {
        (line.uniqueid, line.agent, ends[line.event])
        for line in queue_log(capture)
        if line.event in ends
    }
    told = [
        (event.call.uniqueid, event.agent, event.detail)
        for event in events(capture, INBOUND)
        if isinstance(event, CallEvent) and event.name == "call.transferred"
    ]
    assert len(told) == len(set(told))
    assert set(told) == logged
    assert {kind for _, _, kind in told} == {"blind", "attended"}


def test_refusals_agree_with_cel(capture: Path) -> None:
    told = {
        "FULL": Outcome.REFUSED_FULL,
        "JOINEMPTY": Outcome.REFUSED_NO_STAFF,
        "JOINUNAVAIL": Outcome.REFUSED_NO_STAFF,
    }
    logged = {}
    for event in cel(capture):
        if event.name == "HOTLINE_REFUSED":
            queue, _, status = str(event.extra["extra"]).partition(" ")
            logged[event.uniqueid] = (told[status], queue)
    assert logged
    refused = {
        uniqueid: (call.outcome, call.queue)
        for uniqueid, call in rows(capture).items()
        if call.outcome in told.values()
    }
    assert refused == logged


def test_agents_agree_with_the_bridges_of_cel(capture: Path) -> None:
    ledger = reconstruct(
        "replay", queue_log(capture), cel(capture), inbound_contexts=INBOUND, seats=SEATS
    )
    calls = rows(capture)
    assert not ledger.still_up
    assert ledger.ended.keys() == calls.keys()
    assert compare(calls.values(), ledger) == []
    for uniqueid, truth in ledger.ended.items():
        ours = calls[uniqueid]
        assert (ours.line, ours.caller) == (truth.line, truth.caller)
        assert [part.agent for part in ours.agents] == [part.agent for part in truth.agents]
        for mine, theirs in zip(ours.agents, truth.agents, strict=True):
            total, bridged = mine.talk_s + mine.hold_s, theirs.talk_s + theirs.hold_s
            assert total == pytest.approx(bridged, abs=0.1)


def test_without_knowing_the_contexts_it_is_the_same(capture: Path) -> None:
    assert {call.uniqueid: call for call in replay(capture)} == rows(capture)


def test_without_timestamps_it_is_nearly_the_same(capture: Path, tmp_path: Path) -> None:
    """Whole seconds out of Uniqueids, HoldTime and TalkTime: never the time of reading."""
    lines = capture.read_bytes().split(b"\r\n")
    blind = tmp_path / "blind.ami"
    blind.write_bytes(b"\r\n".join(line for line in lines if not line.startswith(b"Timestamp:")))
    exact, guessed = rows(capture), rows(blind)
    assert guessed.keys() == exact.keys()
    for uniqueid, call in guessed.items():
        truth = exact[uniqueid]
        assert (call.outcome, call.agent) == (truth.outcome, truth.agent)
        assert abs((call.arrived_at - truth.arrived_at).total_seconds()) < 2
        if truth.answered:
            assert call.wait_s == pytest.approx(truth.wait_s, abs=SECOND)
        if len(truth.agents) == 1:
            total = truth.talk_s + truth.hold_s
            assert call.talk_s + call.hold_s == pytest.approx(total, abs=SECOND)


def test_any_slicing_and_repeats_change_nothing(capture: Path) -> None:
    data = capture.read_bytes()
    whole = Framer(banner_required=False).feed(data)
    framer = Framer(banner_required=False)
    sliced = [raw for at in range(0, len(data), 7) for raw in framer.feed(data[at : at + 7])]
    assert sliced == whole
    once = track(whole, new_tracker())
    twice = track([raw for raw in whole for _ in range(2)], new_tracker())
    late = track([*whole, *whole[-400:]], new_tracker())
    assert once.events == twice.events == late.events


def test_event_ids_are_unique_and_the_same_each_time(capture: Path) -> None:
    first = [event.event_id for event in track(Framer().feed(capture.read_bytes())).events]
    again = [event.event_id for event in track(Framer().feed(capture.read_bytes())).events]
    assert first == again
    assert len(set(first)) == len(first)


def test_json_has_the_promised_keys_and_survives_a_round_trip(capture: Path) -> None:
    for call in rows(capture).values():
        row = json.loads(json.dumps(to_json(call)))
        assert list(row) == [
            "uniqueid", "line", "queue", "caller", "offered", "answered", "outcome", "wait_s",
            "talk_s", "hold_s", "agent", "agents",
        ]  # fmt: skip
        assert row["caller"] == digits(row["caller"])

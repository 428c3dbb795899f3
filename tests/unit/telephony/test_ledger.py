"""The switchboard's own records: read, folded, and held against what was recorded."""

import csv
import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.cel import CelEvent, parse_events, read_events
from telephony.events import CallRecord, Outcome
from telephony.ledger import EVENTS, Ledger, reconstruct
from telephony.queue_log import read_lines
from telephony.repair import (
    GUESSED_TOLERANCE_S,
    Kind,
    compare,
    differences,
    mend,
    repair_of,
    vanished,
)

ROOT, LEG = "sw-1795000000.1", "sw-1795000004.2"
QUEUE_LOG = [
    f"1795000003|{ROOT}|12345|NONE|ENTERQUEUE||138|1",
    f"1795000005|{ROOT}|12345|8001|CONNECT|2|{LEG}|1",
    f"1795000065|{ROOT}|12345|8001|COMPLETECALLER|2|60|1",
]


def line(
    name: str, at: float, uniqueid: str = ROOT, *, linkedid: str = ROOT, extra: str = "",
    app: str = "", context: str = "from-trunk", own: str = "",
) -> str:  # fmt: skip
    channel = "PJSIP/trunk-00000001" if uniqueid == ROOT else "PJSIP/1001-00000002"
    values = [
        name, own, f"{at:.6f}", "", "13800000001", "", "", "12345", context, channel, app,
        "12345,t" if app == "Queue" else "", uniqueid, linkedid, "", extra,
    ]  # fmt: skip
    return ",".join('"' + value.replace('"', '""') + '"' for value in values)


BRIDGE = '{"bridge_id":"b1","bridge_technology":"simple_bridge"}'
START = 1795000000.0
CEL = [
    line("CHAN_START", START),
    line("USER_DEFINED", START + 0.1, own="HOTLINE_ARRIVED", extra='{"extra":"12315"}'),
    line("APP_START", START + 3.2, app="Queue", context="hotline"),
    line("CHAN_START", START + 4, LEG, context="seats"),
    line("BRIDGE_ENTER", START + 5.5, LEG, extra=BRIDGE),
    line("BRIDGE_ENTER", START + 5.5, extra=BRIDGE),
    line("BRIDGE_EXIT", START + 65.7, extra=BRIDGE),
    line("APP_END", START + 65.7, app="Queue", context="hotline"),
    line("CHAN_END", START + 65.8),
    line("BRIDGE_EXIT", START + 65.8, LEG, extra=BRIDGE),
    line("CHAN_END", START + 65.9, LEG),
]


def events(lines: list[str]) -> list[CelEvent]:
    result = read_events(lines)
    assert not result.bad
    return result.events


def ledger(queue_log: list[str], cel: list[str]) -> Ledger:
    lines = read_lines(queue_log).lines
    return reconstruct("sw1", lines, events(cel), inbound_contexts={"from-trunk"})


def answered() -> CallRecord:
    return ledger(QUEUE_LOG, CEL).ended[ROOT]


def test_an_answered_call() -> None:
    call = answered()
    assert (call.outcome, call.queue, call.line) == (Outcome.ANSWERED, "12345", "12315")
    assert call.caller == "13800000001"
    assert call.wait_s == pytest.approx(2.3)
    assert call.talk_s == pytest.approx(60.2)
    [part] = call.agents
    assert (part.agent, part.interface) == ("8001", "PJSIP/1001")


def test_an_agent_who_consults_and_hangs_up_leaves_the_caller_waiting() -> None:
    """An attended transfer to a colleague who consults in his turn: nobody hears the caller."""
    other = '{"bridge_id":"b2"}'
    cel = [
        *CEL[:6],
        line("BRIDGE_EXIT", START + 15.5, LEG, extra=BRIDGE),
        line("BRIDGE_ENTER", START + 15.5, LEG, extra=other),
        line("BRIDGE_EXIT", START + 25.5, LEG, extra=other),
        line("CHAN_END", START + 25.5, LEG),
        line("BRIDGE_EXIT", START + 65.7, extra=BRIDGE),
        line("CHAN_END", START + 65.8),
    ]
    call = ledger(QUEUE_LOG, cel).ended[ROOT]
    assert call.talk_s == pytest.approx(10)
    assert call.hold_s == pytest.approx(10)


@pytest.mark.parametrize("in_bridge", [True, False], ids=["alone in the bridge", "in no bridge"])
def test_an_agent_who_hangs_up_in_the_instant_of_answering_has_answered(in_bridge: bool) -> None:
    """As queue_log has it; the caller never came into the bridge. He is served by the next one."""
    log = [
        *QUEUE_LOG[:2],
        f"1795000005|{ROOT}|12345|8001|COMPLETEAGENT|2|0|1",
    ]
    agent = [
        line("BRIDGE_ENTER", START + 5.5, LEG, extra=BRIDGE),
        line("BRIDGE_EXIT", START + 5.6, LEG, extra=BRIDGE),
    ]
    cel = [
        *CEL[:4],
        *(agent if in_bridge else []),
        line("CHAN_END", START + 5.6, LEG),
        line("APP_END", START + 5.6, app="Queue", context="hotline"),
        line("CHAN_END", START + 9),
    ]
    call = ledger(log, cel).ended[ROOT]
    assert (call.outcome, call.wait_s) == (Outcome.ANSWERED, pytest.approx(2.4))
    [part] = call.agents
    assert (part.agent, part.interface, part.talk_s) == ("8001", "PJSIP/1001", 0)
    assert part.released_at is not None


def test_a_greeting_left_is_in_cel_alone() -> None:
    call = ledger([], [CEL[0], line("CHAN_END", START + 2)]).ended[ROOT]
    assert (call.outcome, call.offered) == (Outcome.ABANDONED_GREETING, False)


def test_who_was_told_by_the_machine_is_in_cel_alone() -> None:
    told = line("USER_DEFINED", START + 40, own="HOTLINE_TOLD", extra='{"extra":""}')
    call = ledger([], [CEL[0], told, line("CHAN_END", START + 40.1)]).ended[ROOT]
    assert (call.outcome, call.offered, call.wait_s) == (Outcome.SELF_SERVED, False, None)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [("FULL", Outcome.REFUSED_FULL), ("JOINEMPTY", Outcome.REFUSED_NO_STAFF)],
)
def test_refusals_are_in_cel_alone(status: str, outcome: Outcome) -> None:
    told = line(
        "USER_DEFINED", START + 3.3, own="HOTLINE_REFUSED", extra=f'{{"extra":"12345 {status}"}}'
    )
    cel = [CEL[0], CEL[2], line("APP_END", START + 3.2, app="Queue"), told,
           line("CHAN_END", START + 5)]  # fmt: skip
    call = ledger([], cel).ended[ROOT]
    assert (call.outcome, call.offered, call.queue, call.wait_s) == (outcome, True, "12345", 0)


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ("ABANDON|1|1|9", Outcome.ABANDONED_QUEUE),
        ("EXITWITHTIMEOUT|1|1|9", Outcome.TIMED_OUT),
        ("EXITEMPTY|1|1|9", Outcome.LEFT_NO_STAFF),
        ("EXITWITHKEY|1|1|1|9", Outcome.ABANDONED_QUEUE),
    ],
)
def test_who_left_the_queue_and_how(event: str, outcome: Outcome) -> None:
    log = [QUEUE_LOG[0], f"1795000012|{ROOT}|12345|NONE|{event}"]
    cel = [*CEL[:3], line("APP_END", START + 12.5, app="Queue"), line("CHAN_END", START + 14)]
    call = ledger(log, cel).ended[ROOT]
    assert call.outcome is outcome
    if event.startswith("EXITWITHKEY"):
        return
    assert call.wait_s == pytest.approx(9.3)


def test_a_call_that_is_still_up_is_no_ended_one() -> None:
    read = ledger(QUEUE_LOG, CEL[:6])
    assert not read.ended
    assert read.still_up == {ROOT}


def test_our_own_attempts_and_dialled_legs_are_no_calls() -> None:
    survey = [
        line("CHAN_START", START, "survey-1", linkedid="survey-1"),
        line("CHAN_END", START + 9, "survey-1", linkedid="survey-1"),
    ]
    assert not ledger([], survey).ended
    assert not ledger([], [line("CHAN_START", START, LEG), line("CHAN_END", START + 9, LEG)]).ended


def test_torn_records_are_counted_and_the_next_one_is_read() -> None:
    result = read_events([CEL[0], CEL[1][:40], '"A","b"', "", CEL[2]])
    assert [event.name for event in result.events] == ["CHAN_START", "APP_START"]
    assert result.bad == [2, 3]


def test_a_number_with_line_breaks_neither_hides_nor_forges_a_record() -> None:
    hostile = '138\r\n\n"CHAN_END","","1795000001.0"\n'
    start = CEL[0].replace("13800000001", hostile.replace('"', '""'))
    result = read_events([*start.split("\n"), *CEL[1:]])
    assert not result.bad
    assert [event.name for event in result.events][:2] == ["CHAN_START", "HOTLINE_ARRIVED"]
    assert result.events[0].number == hostile
    assert result.events[0].uniqueid == ROOT


def test_a_number_ends_with_its_line_as_in_ami() -> None:
    start = CEL[0].replace("13800000001", "138\r\nActionID: 1")
    assert ledger(QUEUE_LOG, [start, *CEL[1:]]).ended[ROOT].caller == "138"


def test_columns_that_are_needed_must_be_there() -> None:
    with pytest.raises(ValueError, match="uniqueid"):
        read_events([], fields=["eventenum", "eventtime"])


# Comparing


def test_agreement_needs_no_repair() -> None:
    truth = answered()
    half_a_second = replace(truth, wait_s=(truth.wait_s or 0) + 0.5, talk_s=truth.talk_s - 0.5)
    assert compare([half_a_second], ledger(QUEUE_LOG, CEL)) == []


def test_times_that_were_guessed_are_told_exactly() -> None:
    """A call that was answered half a second before anybody listened again."""
    truth = answered()
    guessed = replace(truth, wait_s=(truth.wait_s or 0) + 0.5)
    assert repair_of(guessed, truth) is None
    repair = repair_of(guessed, truth, GUESSED_TOLERANCE_S)
    assert repair is not None
    assert (repair.fields, repair.call.wait_s) == (("wait_s",), truth.wait_s)


def test_a_call_that_was_never_recorded_is_added() -> None:
    [repair] = compare([], ledger(QUEUE_LOG, CEL))
    assert (repair.kind, repair.call, repair.recorded) == (Kind.MISSING, answered(), None)


def test_an_open_call_is_closed() -> None:
    ours = replace(answered(), ended_at=None, outcome=None, revision=5)
    [repair] = compare([ours], ledger(QUEUE_LOG, CEL))
    assert repair.kind is Kind.OPEN
    assert repair.call.outcome is Outcome.ANSWERED
    assert repair.call.revision > 5
    assert {"outcome", "ended_at"} <= set(repair.fields)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"outcome": Outcome.TIMED_OUT}, "outcome"),
        ({"queue": "expert"}, "queue"),
        ({"line": ""}, "line"),
        ({"wait_s": 99.0}, "wait_s"),
        ({"wait_s": None}, "wait_s"),
        ({"talk_s": 2.0}, "talk_s"),
        ({"agents": ()}, "agents"),
        ({"answered_at": None}, "answered"),
        ({"offered_at": None}, "offered"),
    ],
)
def test_each_difference_is_named_and_mended(change: dict[str, object], field: str) -> None:
    ours = replace(answered(), **change)  # type: ignore[arg-type] # one field at a time
    [repair] = compare([ours], ledger(QUEUE_LOG, CEL))
    assert (repair.kind, repair.fields) == (Kind.DIFFERENT, (field,))
    assert not differences(repair.call, answered())


def test_mending_keeps_what_only_live_messages_tell() -> None:
    truth = answered()
    [part] = truth.agents
    ours = replace(
        truth, line="12345", outcome=None, talk_s=50.2, hold_s=10.0,
        agents=(replace(part, talk_s=50.2, hold_s=10.0),),
    )  # fmt: skip
    mended = mend(ours, truth)
    assert (mended.line, mended.outcome) == ("12345", Outcome.ANSWERED)
    assert (mended.talk_s, mended.hold_s) == (pytest.approx(50.2), pytest.approx(10))
    assert mended.agents[0].hold_s == pytest.approx(10)


def test_open_calls_of_which_nobody_knows_anything_have_vanished() -> None:
    truth = answered()
    gone = replace(truth, uniqueid="sw-1795000099.9", ended_at=None)
    closed = replace(gone, ended_at=truth.arrived_at + timedelta(seconds=9))
    assert vanished([truth, gone], ledger(QUEUE_LOG, CEL)) == [gone]
    assert vanished([closed], ledger(QUEUE_LOG, CEL)) == []


HOSTILE = st.text(st.sampled_from('",\\{}[]:ab\r\n;|1'), max_size=12)


@given(
    caller=HOSTILE,
    app_data=HOSTILE,
    extra=st.dictionaries(HOSTILE, HOSTILE, max_size=3) | st.none(),
    cut=st.none() | st.integers(1, 200),
)
def test_cutting_reads_what_csv_reads(
    caller: str, app_data: str, extra: dict[str, str] | None, cut: int | None
) -> None:
    values = [
        "APP_START", "", "1795000000.5", "", caller, caller, "", "12345", "hotline",
        "PJSIP/trunk-00000001", "Queue", app_data, ROOT, ROOT, "",
        "" if extra is None else json.dumps(extra),
    ]  # fmt: skip
    record = ",".join('"' + value.replace('"', '""') + '"' for value in values)[:cut]
    result = read_events(record.split("\n"))
    try:
        read = next(csv.reader([record], strict=True))
        assert len(read) == len(values)
        expected = json.loads(read[15]) if read[15] else {}
    except (csv.Error, StopIteration, AssertionError, ValueError):
        assert not result.events
        return
    (event,) = result.events
    assert (event.number, event.app_data, event.extra) == (read[4], read[11], expected)


def test_only_what_is_asked_for_is_read() -> None:
    every = events(CEL)
    assert list(parse_events(CEL, names=EVENTS)) == every
    told = list(parse_events(CEL, names={"HOTLINE_ARRIVED", "CHAN_END"}))
    assert told == [event for event in every if event.name in {"HOTLINE_ARRIVED", "CHAN_END"}]

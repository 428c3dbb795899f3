"""Where a restart lies among channel events, and until when what it cut was up."""

import pytest

from telephony.cel import read_events
from telephony.events import CallRecord, Outcome
from telephony.ledger import Ledger, Reconstruction
from telephony.queue_log import read_lines
from telephony.repair import Kind, compare
from tests.unit.telephony.test_ledger import BRIDGE, START, line

TALKING, WAITING, LATER = "1795000000.40", "1795000001.41", "1795000050.2"
NUMBERED = "1795000004.43"
QUEUE_LOG = [
    f"1795000000|{TALKING}|12345|NONE|ENTERQUEUE||138|1",
    f"1795000002|{WAITING}|12345|NONE|ENTERQUEUE||139|1",
    f"1795000005|{TALKING}|12345|8001|CONNECT|5|{NUMBERED}|1",
]
CEL = [
    line("CHAN_START", START, TALKING, linkedid=TALKING),
    line("APP_START", START + 0.2, TALKING, linkedid=TALKING, app="Queue"),
    line("CHAN_START", START + 1, WAITING, linkedid=WAITING),
    line("APP_START", START + 2.2, WAITING, linkedid=WAITING, app="Queue"),
    line("CHAN_START", START + 4, NUMBERED, linkedid=TALKING, context="seats"),
    line("BRIDGE_ENTER", START + 5.5, NUMBERED, linkedid=TALKING, extra=BRIDGE),
    line("BRIDGE_ENTER", START + 5.5, TALKING, linkedid=TALKING, extra=BRIDGE),
]


def started(at: float) -> str:
    return f"{START + at:.0f}|NONE|NONE|NONE|QUEUESTART|"


def told(queue_log: list[str], cel: list[str], ami_heard_at: float | None = None) -> Ledger:
    events = read_events(cel)
    assert not events.bad
    lines = read_lines(queue_log).lines
    read = Reconstruction("sw1", lines, inbound_contexts={"from-trunk"}, ami_heard_at=ami_heard_at)
    ended = {call.uniqueid: call for call in read.calls(events.events)}
    return Ledger(ended, read.still_up)


def ended_s(call: CallRecord) -> float:
    assert call.ended_at is not None
    return call.ended_at.timestamp() - START


def test_what_was_up_lasts_until_the_last_line_before_the_start() -> None:
    word = "1795000030|NONE|NONE|8002|PAUSE|rest"
    read = told([*QUEUE_LOG, word, started(3600)], CEL)
    assert not read.still_up
    talking, waiting = read.ended[TALKING], read.ended[WAITING]
    assert {talking.outcome, waiting.outcome} == {Outcome.SWITCH_RESTART}
    assert (ended_s(talking), ended_s(waiting)) == (30, 30)
    assert talking.talk_s == pytest.approx(24.5)
    assert waiting.wait_s == pytest.approx(27.8)


def test_channel_events_are_signs_of_life_too() -> None:
    other = line("CHAN_START", START + 40.5, "1795000040.44", linkedid="1795000040.44", context="x")
    read = told([*QUEUE_LOG, started(50)], [*CEL, other])
    assert ended_s(read.ended[TALKING]) == pytest.approx(40.5)


@pytest.mark.parametrize(("heard_s", "ended"), [(44.2, 44.2), (3, 5.5), (51.5, 5.5)])
def test_ami_may_have_heard_it_later(heard_s: float, ended: float) -> None:
    """Not after the start: that was the next Asterisk."""
    read = told([*QUEUE_LOG, started(50)], CEL, ami_heard_at=START + heard_s)
    assert ended_s(read.ended[TALKING]) == pytest.approx(ended)


def test_an_end_in_the_second_of_the_start_came_before_it() -> None:
    """``core restart now`` hangs everybody up and starts anew, often within a second."""
    ends = [
        line("BRIDGE_EXIT", START + 50.3, TALKING, linkedid=TALKING, extra=BRIDGE),
        line("CHAN_END", START + 50.31, TALKING, linkedid=TALKING),
        line("CHAN_END", START + 50.32, WAITING, linkedid=WAITING),
    ]
    log = [*QUEUE_LOG, f"1795000050|{WAITING}|12345|NONE|ABANDON|1|1|48", started(50)]
    read = told(log, [*CEL, *ends])
    assert read.ended[TALKING].outcome is Outcome.ANSWERED
    assert read.ended[TALKING].talk_s == pytest.approx(44.8)
    assert read.ended[WAITING].outcome is Outcome.ABANDONED_QUEUE


@pytest.mark.parametrize("at", [48.9, 50.2])
def test_a_call_that_comes_while_asterisk_starts_came_after_it(at: float) -> None:
    new = [
        line("CHAN_START", START + at, LATER, linkedid=LATER),
        line("CHAN_END", START + 70, LATER, linkedid=LATER),
    ]
    read = told([*QUEUE_LOG, started(50)], [*CEL, *new])
    assert read.ended[TALKING].outcome is Outcome.SWITCH_RESTART
    assert ended_s(read.ended[TALKING]) == pytest.approx(5.5)
    assert read.ended[LATER].outcome is Outcome.ABANDONED_GREETING
    assert ended_s(read.ended[LATER]) == 70


def test_a_call_that_comes_in_the_second_of_the_start_may_have_come_before_it() -> None:
    new = line("CHAN_START", START + 50.2, "1795000050.44", linkedid="1795000050.44")
    read = told([*QUEUE_LOG, started(50)], [*CEL, new])
    assert read.ended["1795000050.44"].outcome is Outcome.SWITCH_RESTART


def test_the_first_call_of_all_comes_in_the_second_of_the_start() -> None:
    first, end = "1795000000.0", START + 9
    cel = [
        line("CHAN_START", START + 0.7, first, linkedid=first),
        line("CHAN_END", end, first, linkedid=first),
    ]
    call = told([started(0)], cel).ended[first]
    assert (call.outcome, ended_s(call)) == (Outcome.ABANDONED_GREETING, 9)


def test_two_starts() -> None:
    new = line("CHAN_START", START + 60, LATER, linkedid=LATER)
    read = told([*QUEUE_LOG, started(50), started(80)], [*CEL, new])
    assert ended_s(read.ended[TALKING]) == pytest.approx(5.5)
    assert ended_s(read.ended[LATER]) == pytest.approx(60)


def test_who_heard_the_switchboard_for_longer_knows_better() -> None:
    """The records of a quiet switchboard may end long before it does."""
    truth = told([*QUEUE_LOG, started(50)], CEL)
    longer = told([*QUEUE_LOG, "1795000040|NONE|NONE|8002|PAUSE|rest", started(50)], CEL)
    assert compare(longer.ended.values(), truth) == []
    repairs = {repair.call.uniqueid: repair for repair in compare(truth.ended.values(), longer)}
    assert repairs[TALKING].fields == ("ended_at", "talk_s", "agents")
    assert repairs[WAITING].fields == ("ended_at", "wait_s")
    assert {repair.kind for repair in repairs.values()} == {Kind.DIFFERENT}


def test_our_own_channels_have_no_number() -> None:
    ours = line("CHAN_START", START + 50.4, "survey-1", linkedid="survey-1")
    read = told([*QUEUE_LOG, started(50)], [*CEL, ours])
    assert ended_s(read.ended[TALKING]) == pytest.approx(50.4)

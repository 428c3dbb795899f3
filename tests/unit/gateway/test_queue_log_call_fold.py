"""T11: calls out of a stream of queue_log lines."""

import pytest

from gateway.queue_log_import import call_fold
from gateway.queue_log_import.call_fold import NO_ENTRY
from gateway.queue_log_import.call_record import FINAL, UNENDED
from gateway.queue_log_import.history import NO_UNIQUEID, History
from telephony.events import Outcome
from telephony.queue_log import parse_line
from tests.support.folding import HOUR, T, lines, rows, told


def test_a_call() -> None:
    (row,) = rows(
        "2|sb-1300000000.7|q|NONE|ENTERQUEUE||13800000001|1",
        "10|sb-1300000000.7|q|8001|CONNECT|8|sb-1300000007.8|3",
        "40|sb-1300000000.7|q|8001|COMPLETECALLER|8|30|1",
    )
    assert row.call_id == "sb1-sb-1300000000.7"
    assert (row.line, row.caller, row.queue) == ("", "13800000001", "q")
    assert row.arrived_at.timestamp() == T  # when the channel was made
    assert row.offered_at is not None
    assert row.offered_at.timestamp() == T + 2
    assert row.ended_at is not None
    assert row.ended_at.timestamp() == T + 40
    assert (row.outcome, row.wait_s, row.talk_s) == (Outcome.ANSWERED, 8, 30)
    (part,) = row.agents
    assert (part.agent, part.talk_s, part.hold_s) == ("8001", 30, 0)
    assert part.released_at == row.ended_at
    assert row.revision == FINAL


def test_several_queues_and_agents_are_one_call() -> None:
    (row,) = rows(
        "0|1.7|q|NONE|ENTERQUEUE||13800000001|1",
        "60|1.7|q|NONE|EXITWITHTIMEOUT|1|1|60",
        "61|1.7|r|NONE|ENTERQUEUE||13800000001|1",
        "70|1.7|r|8001|CONNECT|9|1.8|3",
        "90|1.7|r|8001|BLINDTRANSFER|q|queues|9|20|1",
        "91|1.7|q|NONE|ENTERQUEUE||13800000001|1",
        "95|1.7|q|8002|CONNECT|4|1.9|3",
        "100|1.7|q|8002|COMPLETEAGENT|4|5|1",
    )
    assert (row.outcome, row.queue, row.wait_s, row.talk_s) == (Outcome.ANSWERED, "r", 70, 25)
    assert [(part.agent, part.talk_s) for part in row.agents] == [("8001", 20), ("8002", 5)]


def test_who_waits_for_ever_is_unseen_and_may_be_told_of_later() -> None:
    (row,) = rows("0|1.7|q|NONE|ENTERQUEUE||138|1", "5|1.7|q|8001|RINGNOANSWER|3000")
    assert (row.outcome, row.wait_s, row.revision) == (Outcome.UNSEEN, 5, UNENDED)


def test_who_talks_for_ever_was_answered() -> None:
    (row,) = rows("0|1.7|q|NONE|ENTERQUEUE||138|1", "5|1.7|q|8001|CONNECT|5|1.8|3")
    assert (row.outcome, row.wait_s, row.talk_s) == (Outcome.ANSWERED, 5, 0)
    assert row.agents[0].released_at is None
    assert row.revision == UNENDED


def test_a_restart_cuts_what_is_up_at_the_last_sign_of_life() -> None:
    found = rows(
        "0|1.1|q|NONE|ENTERQUEUE||138|1",
        "0|1.2|q|NONE|ENTERQUEUE||139|1",
        "3|1.1|q|8001|CONNECT|3|1.3|3",
        "8|1.9|q|NONE|ENTERQUEUE||137|1",
        "9|1.9|q|NONE|ABANDON|1|1|1",
        "90000|NONE|NONE|NONE|QUEUESTART|",
        "90001|1.2|q|NONE|ABANDON|1|1|5",
    )
    talking, waiting, gone = sorted(found, key=lambda row: row.uniqueid)
    assert (talking.outcome, talking.talk_s) == (Outcome.SWITCH_RESTART, 6)
    assert (waiting.outcome, waiting.wait_s) == (Outcome.SWITCH_RESTART, 9)
    assert gone.outcome is Outcome.ABANDONED_QUEUE
    assert {row.revision for row in found} == {FINAL}


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("0|1.7|q|8001|CONNECT|5|1.8|3", NO_ENTRY),
        ("0|1.7|q|NONE|ABANDON|1|1|5", NO_ENTRY),
        ("0|NONE|q|NONE|ENTERQUEUE||138|1", NO_UNIQUEID),
        ("0||q|NONE|ENTERQUEUE||138|1", NO_UNIQUEID),
        ("0|MANAGER|q|8001|ADDMEMBER|", None),
        ("0|1.7|q|NONE|DID|12345", None),
    ],
)
def test_lines_that_tell_nothing_of_their_call(line: str, wrong: str | None) -> None:
    assert History.empty().take(lines(line)[0]) == wrong


def test_the_same_entry_twice_is_one() -> None:
    once = ("0|1.7|q|NONE|ENTERQUEUE||138|1", "9|1.7|q|NONE|ABANDON|1|1|9")
    assert rows(once[0], *once) == rows(*once)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_fold, "CAPACITY", 100)
    history = History.empty()
    told(history, (parse_line(f"{T}|1.{n}|q|NONE|ENTERQUEUE||138|1") for n in range(1000)))
    assert len(history.calls) == 100
    assert [call.record.uniqueid for call in history.calls.drain()] == [
        f"1.{number}" for number in range(900)
    ]


def test_calls_are_given_up_in_time() -> None:
    history = History.empty()
    told(history, lines("0|1.1|q|NONE|ENTERQUEUE||138|1", "0|1.2|q|NONE|ENTERQUEUE||139|1"))
    told(history, lines("9|1.1|q|NONE|ABANDON|1|1|9"))
    history.calls.sweep(T + 90)
    assert [call.record.uniqueid for call in history.calls.drain()] == ["1.1"]
    history.calls.sweep(T + 7 * HOUR)
    assert [call.record.uniqueid for call in history.calls.drain()] == ["1.2"]
    assert len(history.calls) == 0

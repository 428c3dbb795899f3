"""Every kind of queue_log line, and lines that are none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.events import Outcome
from telephony.queue_log import BadLineError, Exit, fold, parse_line, read_lines

ENTER = "100|sw-1.1|12345|NONE|ENTERQUEUE||138|1"
CONNECT = "107|sw-1.1|12345|8001|CONNECT|7|sw-1.2|3"


@pytest.mark.parametrize(
    ("lines", "outcome", "wait_s", "talks"),
    [
        ([ENTER], None, None, {}),
        ([ENTER, CONNECT], Outcome.ANSWERED, 7, {"8001": None}),
        ([ENTER, CONNECT, "150|sw-1.1|12345|8001|COMPLETEAGENT|7|43|1"], Outcome.ANSWERED, 7,
         {"8001": 43}),
        ([ENTER, CONNECT, "150|sw-1.1|12345|8001|COMPLETECALLER|7|43|1"], Outcome.ANSWERED, 7,
         {"8001": 43}),
        ([ENTER, CONNECT, "150|sw-1.1|12345|8001|BLINDTRANSFER|1002|seats|7|43|1"],
         Outcome.ANSWERED, 7, {"8001": 43}),
        ([ENTER, CONNECT, "150|sw-1.1|12345|8001|ATTENDEDTRANSFER|BRIDGE|0ebb|7|43|1"],
         Outcome.ANSWERED, 7, {"8001": 43}),
        ([ENTER, CONNECT, "150|sw-1.1|12345|8001|ATTENDEDTRANSFER|LINK|a|b|7|43|1"],
         Outcome.ANSWERED, 7, {"8001": 43}),
        ([ENTER, "109|sw-1.1|12345|NONE|ABANDON|1|1|9"], Outcome.ABANDONED_QUEUE, 9, {}),
        ([ENTER, "109|sw-1.1|12345|8001|RINGCANCELED|2000", "109|sw-1.1|12345|NONE|ABANDON|1|1|9"],
         Outcome.ABANDONED_RINGING, 9, {}),
        ([ENTER, "105|sw-1.1|12345|8001|RINGNOANSWER|4000", "109|sw-1.1|12345|NONE|ABANDON|1|1|9"],
         Outcome.ABANDONED_QUEUE, 9, {}),
        ([ENTER, "130|sw-1.1|12345|NONE|EXITWITHTIMEOUT|1|1|30"], Outcome.TIMED_OUT, 30, {}),
        ([ENTER, "130|sw-1.1|12345|NONE|EXITEMPTY|1|1|30"], Outcome.LEFT_NO_STAFF, 30, {}),
        ([ENTER, "130|sw-1.1|12345|NONE|EXITWITHKEY|1|1|1|30"], Outcome.ABANDONED_QUEUE, 30, {}),
    ],
)  # fmt: skip
def test_one_stay(
    lines: list[str], outcome: Outcome | None, wait_s: float | None, talks: dict[str, float | None]
) -> None:
    record = fold(read_lines(lines).lines)["sw-1.1"]
    assert (record.outcome, record.wait_s, record.talks) == (outcome, wait_s, talks)
    assert record.queue == "12345"


def test_several_stays_count_from_the_first_entry_to_the_first_answer() -> None:
    lines = [
        ENTER,
        "130|sw-1.1|12345|NONE|EXITWITHTIMEOUT|1|1|30",
        "130|sw-1.1|expert|NONE|ENTERQUEUE||138|1",
        "140|sw-1.1|expert|8003|CONNECT|10|sw-1.9|3",
        "150|sw-1.1|expert|8003|BLINDTRANSFER|9|seats|10|10|1",
        "151|sw-1.1|12345|NONE|ENTERQUEUE||138|1",
        "160|sw-1.1|12345|NONE|ABANDON|1|1|9",
    ]
    record = fold(read_lines(lines).lines)["sw-1.1"]
    assert [stay.exit for stay in record.stays] == [Exit.TIMED_OUT, Exit.ANSWERED, Exit.ABANDONED]
    assert (record.outcome, record.queue, record.wait_s) == (Outcome.ANSWERED, "expert", 40)
    assert record.talks == {"8003": 10}


def test_bad_lines_are_counted_and_skipped() -> None:
    result = read_lines([ENTER, "", "rubbish", "x|y|z|a|CONNECT|1", "1|2|3|4|5|6", CONNECT])
    assert [line.event for line in result.lines] == ["ENTERQUEUE", "CONNECT"]
    assert result.bad == [3, 4, 5]


def test_lines_of_calls_whose_entry_is_missing_are_left_out() -> None:
    assert fold(read_lines([CONNECT]).lines) == {}


@given(st.text(max_size=80))
def test_any_text_is_a_line_or_a_bad_one(text: str) -> None:
    try:
        line = parse_line(text)
    except BadLineError:
        return
    assert line.event.isalpha()


@given(st.lists(st.text(alphabet="|0123456789.-ABCDEFGHNORTUQ\n", max_size=60), max_size=20))
def test_folding_never_fails(lines: list[str]) -> None:
    for record in fold(read_lines([ENTER, *lines]).lines).values():
        assert record.wait_s is None or isinstance(record.outcome, Outcome)

"""T11: the lines that Asterisk 1.0 to 22 wrote, each as app_queue.c of that version has them."""

import pytest

from telephony.events import Outcome
from telephony.queue_log import BadLineError, QueueRecord, fold, parse_line
from telephony.queue_log_forms import agent_number, caller_number, ring_s, talk_s

UNIQUEID = "1267000000.7"


def record(*lines: str) -> QueueRecord:
    """The record of one caller; each line is ``second|queue|agent|event|data…``."""
    parsed = []
    for line in lines:
        second, rest = line.split("|", 1)
        parsed.append(parse_line(f"{1267000000 + int(second)}|{UNIQUEID}|{rest}"))
    return fold(parsed)[UNIQUEID]


CALLS = {
    "1.0": (
        '0|q|NONE|ENTERQUEUE||"Zhang 3" <13800000001>',
        "9|q|SIP/8001-b7a1|CONNECT|9",
        "69|q|SIP/8001-b7a1|COMPLETEAGENT|9|60",
    ),
    "1.2, Zap": (
        "0|q|NONE|ENTERQUEUE||13800000001",
        "9|q|Zap/8001-1|CONNECT|9",
        "69|q|Zap/8001-1|COMPLETECALLER|9|60",
    ),
    "1.2, an ABANDON after the conversation": (
        "0|q|NONE|ENTERQUEUE||13800000001",
        "9|q|Agent/8001|CONNECT|9",
        "69|q|Agent/8001|COMPLETECALLER|9|60",
        "69|q|NONE|ABANDON|1|1|69",
    ),
    "1.2, transferred without times": (
        "0|q|NONE|ENTERQUEUE||13800000001",
        "9|q|SIP/8001-08c3a1f0|CONNECT|9",
        "69|q|SIP/8001-08c3a1f0|TRANSFER|8100|seats",
    ),
    "1.4": (
        "0|q|NONE|ENTERQUEUE||13800000001",
        "9|q|Agent/8001|CONNECT|9|1267000005.8",
        "69|q|Agent/8001|COMPLETEAGENT|9|60|1",
    ),
    "1.4, transferred": (
        "0|q|NONE|ENTERQUEUE||13800000001",
        "9|q|SIP/8001|CONNECT|9|1267000005.8",
        "69|q|SIP/8001|TRANSFER|8100|seats|9|60",
    ),
    "1.6, a Local member": (
        "0|q|NONE|ENTERQUEUE||13800000001",
        "4|q|Local/8002@from-queue/n|RINGNOANSWER|4000",
        "9|q|Local/8001@from-queue/n|CONNECT|9|1267000005.8|4",
        "69|q|Local/8001@from-queue/n|COMPLETECALLER|9|60|1",
    ),
    "1.8, transferred": (
        "0|q|NONE|ENTERQUEUE|http://pop|13800000001|3",
        "9|q|8001|CONNECT|9|1267000005.8|4",
        "69|q|8001|TRANSFER|8100|seats|9|60|3",
    ),
    "12, blind": (
        "0|q|NONE|ENTERQUEUE||13800000001|1",
        "9|q|PJSIP/8001|CONNECT|9|1267000005.8|4",
        "69|q|PJSIP/8001|BLINDTRANSFER|8100|seats|9|60|1",
    ),
    "12, attended by a bridge": (
        "0|q|NONE|ENTERQUEUE||13800000001|1",
        "9|q|PJSIP/8001|CONNECT|9|1267000005.8|4",
        "69|q|PJSIP/8001|ATTENDEDTRANSFER|BRIDGE|53f2-77|9|60|1",
    ),
    "12, attended by a link of two bridges": (
        "0|q|NONE|ENTERQUEUE||13800000001|1",
        "9|q|PJSIP/8001|CONNECT|9|1267000005.8|4",
        "69|q|PJSIP/8001|ATTENDEDTRANSFER|LINK|Local/1@a;1|Local/1@a;2|9|60|1",
    ),
    "22, with the caller's name": (
        "0|q|NONE|ENTERQUEUE||13800000001|1|张三 <工地>",
        "9|q|8001|CONNECT|9|1267000005.8|4",
        "69|q|8001|COMPLETECALLER|9|60|1",
    ),
}


@pytest.mark.parametrize("lines", CALLS.values(), ids=CALLS)
def test_the_same_call_in_every_version(lines: tuple[str, ...]) -> None:
    call = record(*lines)
    assert (call.outcome, call.caller, call.wait_s) == (Outcome.ANSWERED, "13800000001", 9)
    assert call.talks == {"8001": 60}
    assert call.stays[-1].over
    assert call.stays[-1].released_at == 1267000069


@pytest.mark.parametrize(
    ("line", "outcome"),
    [
        ("30|q|NONE|ABANDON|1|1|30", Outcome.ABANDONED_QUEUE),
        ("30|q|Agent/8001|ABANDON|1|1|30", Outcome.ABANDONED_QUEUE),  # 1.4, during the announcement
        ("30|q|NONE|EXITWITHTIMEOUT|1", Outcome.TIMED_OUT),
        ("30|q|NONE|EXITWITHTIMEOUT|1|1|30", Outcome.TIMED_OUT),
        ("30|q|NONE|EXITEMPTY|1|1|30", Outcome.LEFT_NO_STAFF),
        ("30|q|NONE|EXITWITHKEY|5|1", Outcome.ABANDONED_QUEUE),
        ("30|q|NONE|EXITWITHKEY|5|1|1|30", Outcome.ABANDONED_QUEUE),
    ],
)
def test_ends_without_an_answer(line: str, outcome: Outcome) -> None:
    call = record("0|q|NONE|ENTERQUEUE||13800000001|1", line)
    assert (call.outcome, call.wait_s, call.talks) == (outcome, 30, {})
    assert call.stays[-1].over


def test_a_timeout_without_a_line_and_another_queue() -> None:
    call = record(
        "0|q|NONE|ENTERQUEUE||13800000001",
        "60|r|NONE|ENTERQUEUE||13800000001",
        "70|r|SIP/8001|CONNECT|10|1267000065.9",
        "75|r|SIP/8001|COMPLETEAGENT|10|5|1",
    )
    assert (call.outcome, call.queue, call.wait_s) == (Outcome.ANSWERED, "r", 70)


@pytest.mark.parametrize(
    ("written", "agent"),
    [
        ("NONE", ""),
        ("", ""),
        ("8001", "8001"),
        ("张三", "张三"),
        ("Zhang San", "Zhang San"),
        ("SIP/8001", "8001"),
        ("SIP/8001-08c3a1f0", "8001"),
        ("SIP/8001-b7a1", "8001"),
        ("SIP/group-8001", "group-8001"),  # a name with a dash, not a channel
        ("IAX2/8001-12ab", "8001"),
        ("Zap/12-1", "12"),
        ("DAHDI/12", "12"),
        ("PJSIP/8001", "8001"),
        ("Agent/8001", "8001"),
        ("Local/8001@from-queue/n", "8001"),
        ("Local/8001@from-queue", "8001"),
    ],
)
def test_agents(written: str, agent: str) -> None:
    assert agent_number(written) == agent


@pytest.mark.parametrize(
    ("data", "caller"),
    [
        (("", "13800000001"), "13800000001"),
        (("", "+86 138-0000-0001", "1"), "+8613800000001"),
        (("", '"12 Monkeys" <02012345>'), "02012345"),
        (("", "<02012345>"), "02012345"),
        (("", "anonymous", "1"), ""),
        (("",), ""),
        ((), ""),
    ],
)
def test_callers(data: tuple[str, ...], caller: str) -> None:
    assert caller_number(data) == caller


@pytest.mark.parametrize(
    ("event", "data", "seconds"),
    [
        ("RINGNOANSWER", ("15000",), 15),
        ("RINGNOANSWER", ("15",), 15),  # not 15 ms
        ("RINGNOANSWER", ("0",), 0),
        ("RINGNOANSWER", (), 0),
        ("RINGCANCELED", ("1505",), 1.505),
        ("RINGCANCELED", ("15",), 0.015),
        ("CONNECT", ("9", "1267000005.8", "4"), 4),
        ("CONNECT", ("9", "1267000005.8"), 0),
        ("CONNECT", ("9",), 0),
    ],
)
def test_ringing(event: str, data: tuple[str, ...], seconds: float) -> None:
    assert ring_s(event, data) == seconds


@pytest.mark.parametrize("field", ["", "x", "-5", "nan", "inf", "1e300", "9" * 400])
def test_absurd_talk_times(field: str) -> None:
    assert talk_s("COMPLETEAGENT", ("9", field, "1")) in {None, 0.0}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "no queue_log line"),
        ("1267000000|1.7|q|NONE", "no queue_log line"),
        ("1267000000|1.7|q|NONE|12", "no queue_log line"),
        ("2010-02-24 10:00:00|1.7|q|NONE|ABANDON|1|1|2", "no time"),
        ("|1.7|q|NONE|ABANDON|1|1|2", "no time"),
    ],
)
def test_what_is_no_line(line: str, reason: str) -> None:
    with pytest.raises(BadLineError) as raised:
        parse_line(line)
    assert raised.value.reason == reason


def test_times_with_a_fraction() -> None:
    assert parse_line("1267000000.25|1.7|q|NONE|ABANDON|1|1|2").at == 1267000000.25

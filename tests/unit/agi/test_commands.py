"""pyst2's commands against a scripted switchboard: what is sent, what is made of the answers."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from asterisk.agi import AGIAppError, AGIDBError, AGIInvalidCommand, AGIUnknownError, AGIUsageError

from telephony.agi.commands import Agi
from telephony.agi.errors import AgiHangup, AgiProtocolError, AgiTimeoutError
from telephony.agi.session import SessionOutcome
from telephony.errors import UnsafeValueError
from tests.unit.agi.peer import header, serving

USAGE = (
    b"520-Invalid command syntax.  Proper usage follows:\n"
    b"Usage: GET DATA <file>\n\n\tStream the given file.\n"
    b"520 End of proper usage.\n"
)
ALIVE = ("CHANNEL STATUS", b"200 result=6\n")


def call(act: Callable[[Agi], Any], kept: list[Any]) -> Callable[[Agi, Any], None]:
    """A script that keeps what ``act`` returns or raises."""

    def script(agi: Agi, _call: Any) -> None:
        try:
            kept.append(act(agi))
        except Exception as error:
            kept.append(error)
            raise

    return script


@pytest.mark.parametrize(
    ("act", "command", "answer", "result"),
    [
        (lambda a: a.answer(), "ANSWER", b"200 result=0\n", None),
        (lambda a: a.get_data("p", 2000, 1), "GET DATA p 2000 1", b"200 result=3\n", "3"),
        (lambda a: a.get_data("p", 9, 1), "GET DATA p 9 1", b"200 result= (timeout)\n", ""),
        (lambda a: a.get_data("p", 9, 1), "GET DATA p 9 1", b"200 result=\n", ""),
        (lambda a: a.get_data("p", 9, 2), "GET DATA p 9 2", b"200 result=1 (timeout)\n", "1"),
        (lambda a: a.stream_file("p"), 'STREAM FILE p "" 0', b"200 result=0 endpos=8000\n", ""),
        (lambda a: a.stream_file("p", [1, "2"]), 'STREAM FILE p "12" 0', b"200 result=50\n", "2"),
        (lambda a: a.wait_for_digit(5), "WAIT FOR DIGIT 5", b"200 result=35\n", "#"),
        (lambda a: a.get_variable("X"), 'GET VARIABLE "X"', b"200 result=1 (a (b) c)\n", "a (b) c"),
        (lambda a: a.get_variable("X"), 'GET VARIABLE "X"', b"200 result=1 (hangup)\n", "hangup"),
        (lambda a: a.get_variable("X"), 'GET VARIABLE "X"', b"200 result=0\n", ""),
        (lambda a: a.get_variable("X"), 'GET VARIABLE "X"', b"200 result=1 (\xff)\n", "\udcff"),
        (lambda a: a.get_variable("X"), 'GET VARIABLE "X"', b"200 result=1 ()\n", ""),
        (lambda a: a.channel_status(), "CHANNEL STATUS", b"200 result=6\n", 6),
        (lambda a: a.channel_status("SIP/x"), "CHANNEL STATUS SIP/x", b"200 result=-1\n", -1),
        (lambda a: a.database_get("f", "k"), 'DATABASE GET "f" "k"', b"200 result=1 (v)\n", "v"),
        (lambda a: a.appexec("NoOp", "a,b"), 'EXEC NoOp "a,b"', b"200 result=0\n", "0"),
        (lambda a: a.set_callerid(123), "SET CALLERID 123", b"200 result=1\n", None),
        (lambda a: a.noop(), "NOOP", b"100 result=0 Trying...\n200 result=0\n", None),
        (lambda a: a.noop(), "NOOP", b"100 Trying\r\n200 result=0\r\n", None),
    ],
)
async def test_answers(act: Any, command: str, answer: bytes, result: object) -> None:
    kept: list[Any] = []
    async with serving(call(act, kept)) as harness:
        report = await harness.play(header(), (command, answer))
    assert kept == [result]
    assert report.outcome is SessionOutcome.COMPLETED
    assert report.commands == 1


@pytest.mark.parametrize(
    ("turns", "error", "outcome"),
    [
        ([("NOOP", b"510 Invalid or unknown command\n")], AGIInvalidCommand, "command_refused"),
        ([("NOOP", b"511 Command Not Permitted on a dead channel\n")], AgiHangup, "hangup"),
        ([("NOOP", USAGE)], AGIUsageError, "command_refused"),
        (
            [("NOOP", b"520 Invalid command syntax.  Proper usage not available.\n")],
            AGIUsageError,
            "command_refused",
        ),
        ([("NOOP", b"503 result=-2 Memory allocation failure\n")], AGIUnknownError, None),
        ([("NOOP", b"HANGUP\n")], AgiHangup, "hangup"),
        ([("NOOP", b"200 result=-1\n"), ALIVE], AGIAppError, "command_refused"),
        ([("NOOP", b"200 result=-1\nHANGUP\n")], AgiHangup, "hangup"),
        ([("NOOP", b"200 result=-1\n"), (ALIVE[0], b"HANGUP\n")], AgiHangup, "hangup"),
        ([("NOOP", b"200 result=-1\n"), (ALIVE[0], b"511 dead\n")], AgiHangup, "hangup"),
        ([("NOOP", b"what?\n")], AgiProtocolError, "peer_fault"),
        ([("NOOP", b"200 ok\n")], AgiProtocolError, "peer_fault"),
        ([("NOOP", b"\n")], AgiProtocolError, "peer_fault"),
        ([("NOOP", b"2000 result=1\n")], AgiProtocolError, "peer_fault"),
        ([("NOOP", b"200 result=1 (first\nsecond)\n")], AgiProtocolError, "peer_fault"),
        ([("NOOP", b"x" * 20_000)], AgiProtocolError, "peer_fault"),
        ([("NOOP", b"520-\n" + b"line\n" * 300)], AgiProtocolError, "peer_fault"),
    ],
)
async def test_failures(
    turns: list[tuple[str, bytes]], error: type[Exception], outcome: str | None
) -> None:
    kept: list[Any] = []
    async with serving(call(lambda a: a.noop(), kept)) as harness:
        report = await harness.play(header(), *turns)
    assert [type(kept[0]), len(kept)] == [error, 1]
    assert report.outcome == (outcome or "command_refused")
    assert report.uniqueid == "1795420800.7"


async def test_missing_database_key() -> None:
    kept: list[Any] = []
    async with serving(call(lambda a: a.database_get("f", "k"), kept)) as harness:
        await harness.play(header(), ('DATABASE GET "f" "k"', b"200 result=0\n"))
    assert isinstance(kept[0], AGIDBError)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        ('say "hi"', r'"say \"hi\""'),
        ('" NOOP "', r'"\" NOOP \""'),
        ("back\\slash\\", r'"back\\slash\\"'),
        ("满意", '"满意"'),
        ("", '""'),
    ],
)
async def test_values_are_escaped(value: str, sent: str) -> None:
    def script(agi: Agi, _call: Any) -> None:
        agi.set_variable("X", value)

    async with serving(script) as harness:
        report = await harness.play(header(), (f'SET VARIABLE "X" {sent}', b"200 result=1\n"))
    assert report.outcome is SessionOutcome.COMPLETED


@pytest.mark.parametrize(
    "act",
    [
        lambda a: a.set_variable("X", "a\nHANGUP"),
        lambda a: a.set_variable("X", "a\rb"),
        lambda a: a.set_variable("X\0", "a"),
        lambda a: a.set_variable("X", "a" * 2100),
        lambda a: a.set_variable("X", "满" * 700),
        lambda a: a.stream_file("p\nHANGUP"),
        lambda a: a.get_data('p "', 1, 1),
        lambda a: a.get_data("two words", 1, 1),
        lambda a: a.hangup("SIP/x\nEXEC System rm"),
        lambda a: a.set_callerid('"Name" <1>'),
        lambda a: a.exec_command("System", "rm file"),
        lambda a: a.set_context("${X}"),
    ],
)
async def test_unsafe_values_are_never_sent(act: Callable[[Agi], Any]) -> None:
    kept: list[Any] = []
    async with serving(call(act, kept)) as harness, await harness.connect() as peer:
        peer.send(header())
        assert await peer.until_end() == b"FAILURE\n"
        report = await harness.report()
    assert isinstance(kept[0], UnsafeValueError)
    assert report.outcome is SessionOutcome.SCRIPT_FAILED
    assert report.error.startswith("UnsafeValueError at commands.py:")


async def test_a_silent_peer_is_given_up() -> None:
    kept: list[Any] = []
    script = call(lambda a: a.noop(), kept)
    async with serving(script, command_timeout_s=0.02) as harness:
        report = await harness.play(header(), ("NOOP", b"100 Trying\n"))
    assert isinstance(kept[0], AgiTimeoutError)
    assert report.outcome is SessionOutcome.PEER_FAULT


async def test_playing_has_its_own_patience() -> None:
    kept: list[Any] = []
    script = call(lambda a: a.stream_file("p"), kept)
    limits = {"command_timeout_s": 0.001, "media_timeout_s": 0.05}
    async with serving(script, **limits) as harness:
        report = await harness.play(header(), ('STREAM FILE p "" 0', b""))
    assert str(kept[0]) == "the peer did not answer within 0.05 s"
    assert report.outcome is SessionOutcome.PEER_FAULT


async def test_an_answer_nobody_asked_for_ends_the_session() -> None:
    kept: list[Any] = []

    def act(agi: Agi) -> None:
        agi.noop()
        agi.noop()

    async with serving(call(act, kept)) as harness:
        report = await harness.play(header(), ("NOOP", b"200 result=0\n200 result=0\n"))
    assert isinstance(kept[0], AgiProtocolError)
    assert report.commands == 1


async def test_an_answer_before_the_hangup_counts_and_waiting_is_not_disturbed() -> None:
    kept: list[Any] = []

    async def store() -> str:
        await asyncio.sleep(0.01)
        return "stored"

    def act(agi: Agi) -> None:
        kept.append(agi.get_data("p", 1, 1))
        kept.append(agi.wait(store()))
        agi.noop()

    async with serving(call(act, kept)) as harness:
        report = await harness.play(header(), ("GET DATA p 1 1", b"200 result=1\nHANGUP\n"))
    assert kept[:2] == ["1", "stored"]
    assert isinstance(kept[2], AgiHangup)
    assert report.outcome is SessionOutcome.HANGUP

"""C7 by telephone as the switchboard sees it: what is asked, what is heard, when it gives up."""

import pytest

from deploy.embedded.prompts import PROMPTS_FILE, read_prompts
from gateway.ivr_stores import STATE_PROMPTS
from telephony.agi.flows import enquiry as flow
from telephony.agi.flows.enquiry import EnquiryLimitedError, enquiry_script
from telephony.agi.session import SessionOutcome
from tests.unit.agi.peer import header, serving
from ticketing.lifecycle import CaseState

OK = b"200 result=0\n"
SILENCE = b"200 result= (timeout)\n"
KEYED = "2026112300001"
Turn = tuple[str, bytes]


def pressed(keys: str) -> bytes:
    return f"200 result={keys}\n".encode() if keys else SILENCE


def number(keys: str) -> Turn:
    return "GET DATA hotline/enquiry-number 6000 17", pressed(keys)


def digits(keys: str) -> Turn:
    return "GET DATA hotline/enquiry-digits 6000 4", pressed(keys)


def heard(prompt: str, answer: bytes = OK) -> Turn:
    return f'STREAM FILE hotline/{prompt} "" 0', answer


TOLD = ('SET VARIABLE "HOTLINE_TOLD" "1"', b"200 result=1\n")
WRONG = heard("enquiry-wrong")
RIGHT = [number(KEYED), digits("0001"), heard("enquiry-closed"), TOLD]
MISS = [number(KEYED), digits("9999"), WRONG]


@pytest.mark.parametrize(
    ("turns", "asked", "outcome"),
    [
        (RIGHT, ["0001"], "completed"),
        # Not told who hangs up while it is said.
        ([*RIGHT[:2], heard("enquiry-closed", b"HANGUP\n")], ["0001"], "hangup"),
        ([*MISS, *RIGHT], ["9999", "0001"], "completed"),
        (MISS * 3, ["9999"] * 3, "completed"),  # to a person
        # What can be no number of a case is not looked up, and sounds the same.
        ([number("20261123"), digits("0001"), WRONG, *MISS * 2], ["9999"] * 2, "completed"),
        ([number("20261123*0001"), digits("0001"), WRONG, *MISS * 2], ["9999"] * 2, "completed"),
        ([number(KEYED), digits("01"), WRONG, *MISS * 2], ["9999"] * 2, "completed"),
        ([number(""), digits(""), WRONG] * 3, [], "completed"),
        ([number(KEYED), ("GET DATA hotline/enquiry-digits 6000 4", b"HANGUP\n")], [], "hangup"),
    ],
)
async def test_enquiry(turns: list[Turn], asked: list[str], outcome: str) -> None:
    looked_up: list[tuple[str, str, str]] = []

    async def enquire(*, caller: str, case_no: str, digits: str) -> str | None:
        looked_up.append((caller, case_no, digits))
        return "enquiry-closed" if digits == "0001" else None

    async with serving(enquiry_script(enquire)) as harness:
        report = await harness.play(header(), *turns)
    assert looked_up == [("13800000001", "20261123-00001", each) for each in asked]
    assert report.outcome == outcome
    assert report.commands == len(turns)


async def test_who_asks_too_often_is_told_so_and_goes_on_to_a_person() -> None:
    async def enquire(*, caller: str, case_no: str, digits: str) -> str | None:
        raise EnquiryLimitedError("asked too often")

    async with serving(enquiry_script(enquire)) as harness:
        report = await harness.play(
            header(), number(KEYED), digits("0001"), heard("enquiry-limited")
        )
    assert (report.outcome, report.commands) == (SessionOutcome.COMPLETED, 3)


async def test_without_a_database_the_dialplan_hears_of_it_and_goes_on() -> None:
    async def enquire(*, caller: str, case_no: str, digits: str) -> str | None:
        raise ConnectionError("no database")

    async with serving(enquiry_script(enquire)) as harness:
        async with await harness.connect() as peer:
            peer.send(header())
            for _, answer in (number(KEYED), digits("0001")):
                await peer.command()
                peer.send(answer)
            assert await peer.until_end() == b"FAILURE\n"
        report = await harness.report()
    assert report.outcome is SessionOutcome.SCRIPT_FAILED


def test_every_state_has_its_prompt() -> None:
    texts = read_prompts(PROMPTS_FILE)
    assert set(STATE_PROMPTS) == set(CaseState)
    assert len(set(STATE_PROMPTS.values())) == len(CaseState)
    own = {getattr(flow, name) for name in vars(flow) if name.endswith("_PROMPT")}
    assert len(own) == 4
    assert own | set(STATE_PROMPTS.values()) <= texts.keys()

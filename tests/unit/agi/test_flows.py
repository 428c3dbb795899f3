"""The three scripts as the switchboard sees them: commands in order, what is stored."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

import pytest

from telephony.agi.flows.entry import Entry, EntryPlan, decide_entry, entry_script
from telephony.agi.flows.rating import rating_script
from telephony.agi.flows.survey import survey_script
from telephony.agi.session import SessionOutcome
from tests.unit.agi.peer import header, serving

OK = b"200 result=0\n"
SILENCE = b"200 result= (timeout)\n"
PLAN = EntryPlan(
    default_queue="12345",
    queues={"12315": "expert"},
    day_from=time(8),
    day_to=time(20),
    is_rest_day=lambda day: day == date(2026, 10, 1),
)


@dataclass(frozen=True)
class Ask:
    name: str
    prompt: str
    keys: dict[str, str]


THREE_STEP = Ask("three_step", "rating", {"1": "good", "2": "middling", "3": "bad"})
CONTACTED = Ask("contacted", "survey-contacted", {"1": "yes", "2": "no"})
SOLVED = Ask("solved", "survey-solved", {"1": "yes", "2": "no"})


def get(prompt: str, answer: bytes) -> tuple[str, bytes]:
    return f"GET DATA hotline/{prompt} 6000 1", answer


def stream(prompt: str, answer: bytes = OK) -> tuple[str, bytes]:
    return f'STREAM FILE hotline/{prompt} "" 0', answer


@pytest.mark.parametrize(
    ("line", "at", "entry"),
    [
        ("12345", datetime(2026, 11, 23, 0, 0, tzinfo=UTC), Entry("12345", "day")),
        ("12315", datetime(2026, 11, 23, 11, 59, 59, tzinfo=UTC), Entry("expert", "day")),
        ("12345", datetime(2026, 11, 23, 12, 0, tzinfo=UTC), Entry("12345", "night")),
        ("12345", datetime(2026, 11, 22, 23, 59, tzinfo=UTC), Entry("12345", "night")),
        ("", datetime(2026, 10, 1, 4, 0, tzinfo=UTC), Entry("12345", "night")),
        ("12345", datetime(2026, 9, 30, 17, 0, tzinfo=UTC), Entry("12345", "night")),
        ("12345", datetime(2026, 10, 1, 16, 30, tzinfo=UTC), Entry("12345", "night")),
    ],
)
def test_entry_decision(line: str, at: datetime, entry: Entry) -> None:
    assert decide_entry(line, at, PLAN) == entry


async def test_entry_sets_two_variables() -> None:
    script = entry_script(PLAN, lambda: datetime(2026, 11, 23, 4, tzinfo=UTC))
    async with serving(script) as harness:
        report = await harness.play(
            header(extension="12315"),
            ('SET VARIABLE "HOTLINE_QUEUE" "expert"', b"200 result=1\n"),
            ('SET VARIABLE "HOTLINE_MODE" "day"', b"200 result=1\n"),
        )
    assert report.outcome is SessionOutcome.COMPLETED
    assert report.commands == 2


RATING = "rating"


def kept(event: str, question: str, key: str, answer: bytes = OK) -> tuple[str, bytes]:
    return f'EXEC CELGenUserEvent "{event},{question} {key}"', answer


def rated(key: str) -> list[tuple[str, bytes]]:
    return [kept("HOTLINE_RATING", "three_step", key), ASKED, stream("thanks")]


ASKED = ('SET VARIABLE "HOTLINE_ASKED" "1"', b"200 result=1\n")


@pytest.mark.parametrize(
    ("turns", "stored", "outcome"),
    [
        ([get(RATING, b"200 result=1\n"), *rated("1")], ["good"], "completed"),
        (
            [
                get(RATING, b"200 result=9\n"),
                stream("invalid-key"),
                get(RATING, b"200 result=3\n"),
                *rated("3"),
            ],
            ["bad"],
            "completed",
        ),
        (
            [get(RATING, SILENCE), get(RATING, b"200 result=2\n"), *rated("2")],
            ["middling"],
            "completed",
        ),
        ([get(RATING, SILENCE), get(RATING, SILENCE), ASKED], [], "completed"),
        ([get(RATING, b"HANGUP\n")], [], "hangup"),
        ([get(RATING, b"200 result=-1\nHANGUP\n")], [], "hangup"),
        ([get(RATING, b"200 result=1\nHANGUP\n")], ["good"], "hangup"),
        (
            [
                get(RATING, b"200 result=1\n"),
                kept("HOTLINE_RATING", "three_step", "1", b"200 result=-2\n"),
            ],
            ["good"],
            "command_refused",
        ),
        (
            [get(RATING, b"200 result=1\n"), *rated("1")[:2], stream("thanks", b"HANGUP\n")],
            ["good"],
            None,
        ),
        ([get(RATING, b"200 result=8\n"), stream("invalid-key", b"HANGUP\n")], [], "hangup"),
    ],
)
async def test_rating(
    turns: list[tuple[str, bytes]], stored: list[str], outcome: str | None
) -> None:
    ratings: list[tuple[str, str, str]] = []

    async def store(*, switchboard: str, uniqueid: str, scale: str, answer: str) -> None:
        ratings.append((uniqueid, scale, answer))

    async with serving(rating_script(THREE_STEP, store)) as harness:
        report = await harness.play(header(), *turns)
    assert ratings == [("1795420800.7", "three_step", answer) for answer in stored]
    assert report.outcome == (outcome or "hangup")


async def test_a_failing_store_ends_the_rating_and_the_dialplan_hears_of_it() -> None:
    async def store(*, switchboard: str, uniqueid: str, scale: str, answer: str) -> None:
        raise ConnectionError("no database")

    async with serving(rating_script(THREE_STEP, store)) as harness:
        async with await harness.connect() as peer:
            peer.send(header())
            await peer.command()
            peer.send(b"200 result=1\n")
            await peer.command()
            peer.send(OK)
            assert await peer.until_end() == b"FAILURE\n"
        report = await harness.report()
    assert report.outcome is SessionOutcome.SCRIPT_FAILED
    assert report.error.startswith("ConnectionError")


@dataclass
class Store:
    waiting: bool = True
    kept: list[str] = field(default_factory=list)

    async def begin(self, attempt_id: str) -> bool:
        self.kept.append(f"begin {attempt_id}")
        return self.waiting

    async def answer(self, attempt_id: str, question: str, answer: str) -> None:
        self.kept.append(f"{attempt_id} {question} {answer}")

    async def end(self, attempt_id: str) -> None:
        self.kept.append(f"{attempt_id} end")


GREETING = stream("survey-greeting")
GOODBYE = stream("goodbye")


@pytest.mark.parametrize(
    ("turns", "answers", "outcome"),
    [
        (
            [
                GREETING,
                get(CONTACTED.prompt, b"200 result=1\n"),
                kept("HOTLINE_ANSWER", "contacted", "1"),
                get(SOLVED.prompt, b"200 result=2\n"),
                kept("HOTLINE_ANSWER", "solved", "2"),
                GOODBYE,
            ],
            ["contacted yes", "solved no"],
            "completed",
        ),
        (
            [
                GREETING,
                get(CONTACTED.prompt, b"200 result=2\n"),
                kept("HOTLINE_ANSWER", "contacted", "2"),
                get(SOLVED.prompt, b"HANGUP\n"),
            ],
            ["contacted no"],
            "hangup",
        ),
        (
            [GREETING, get(CONTACTED.prompt, SILENCE), get(CONTACTED.prompt, SILENCE), GOODBYE],
            [],
            "completed",
        ),
        ([stream("survey-greeting", b"HANGUP\n")], [], "hangup"),
        (
            [
                stream("survey-greeting", b"200 result=-1\n"),
                ("CHANNEL STATUS", b"200 result=6\n"),
            ],
            [],
            "command_refused",
        ),
    ],
)
async def test_survey(turns: list[tuple[str, bytes]], answers: list[str], outcome: str) -> None:
    store = Store()
    async with serving(survey_script([CONTACTED, SOLVED], store)) as harness:
        report = await harness.play(header(uniqueid="survey-1"), *turns)
    assert store.kept == ["begin survey-1", *(f"survey-1 {step}" for step in [*answers, "end"])]
    assert report.outcome == outcome


async def test_a_survey_of_an_unknown_attempt_says_nothing() -> None:
    store = Store(waiting=False)
    async with serving(survey_script([CONTACTED], store)) as harness:
        report = await harness.play(header())
    assert store.kept == ["begin 1795420800.7"]
    assert report.commands == 0


async def test_a_survey_cut_off_by_the_servers_end_is_ended() -> None:
    store = Store()
    async with (
        serving(survey_script([CONTACTED], store), drain_timeout_s=0.01) as harness,
        await harness.connect() as peer,
    ):
        peer.send(header())
        await peer.command()
        harness.server.stop()
        await peer.until_end()
    assert store.kept == ["begin 1795420800.7", "1795420800.7 end"]


async def test_prompts_and_time_are_what_the_dialplan_says() -> None:
    async def store(*, switchboard: str, uniqueid: str, scale: str, answer: str) -> None:
        pass

    async with serving(rating_script(THREE_STEP, store)) as harness:
        report = await harness.play(
            header(arg_1="/srv/prompts", arg_2="60"),
            ("SET AUTOHANGUP 60", OK),
            ("GET DATA /srv/prompts/rating 6000 1", b"200 result=1\n"),
            *rated("1")[:2],
            ('STREAM FILE /srv/prompts/thanks "" 0', OK),
        )
    assert report.outcome is SessionOutcome.COMPLETED

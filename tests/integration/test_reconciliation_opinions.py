"""Ratings and survey answers that only the switchboard's records have are stored once (O5)."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from callback_survey import attempts
from callback_survey.outcome import Outcome
from callback_survey.questionnaire import CASE_CALLBACK_V1
from callback_survey.ratings import Rating, rating_of_call, store_rating
from callback_survey.results import results_of_case
from telephony.events import CallRecord
from tests.support.reconciling import NAME, Bench

pytestmark = pytest.mark.parametrize("bench", ["mixed"], indirect=True)
NUMBER = "13800000999"


def heard(some: Bench, event: str, uniqueid: str, extra: str, at: datetime) -> None:
    """A line of CEL in its place, as the dialplan writes it."""
    said = extra.replace('"', '""')
    values = [
        "USER_DEFINED", event, f"{at.timestamp():.6f}", "", NUMBER, "", "", "ask", "rating",
        "PJSIP/trunk-00000001", "CELGenUserEvent", f"{event},{extra}", uniqueid, uniqueid, "",
        f'{{""extra"":""{said}""}}',
    ]  # fmt: skip
    line = ",".join(f'"{value}"' for value in values) + "\n"
    lines = some.cel_csv.read_text().splitlines(keepends=True)
    place = next(
        (n for n, other in enumerate(lines) if float(other.split('"')[5]) > at.timestamp()),
        len(lines),
    )
    some.cel_csv.write_text("".join([*lines[:place], line, *lines[place:]]))


def served(some: Bench) -> CallRecord:
    return some.some(lambda call: call.answered and len(call.agents) == 1)


def before_end(call: CallRecord) -> datetime:
    assert call.ended_at is not None
    return call.ended_at - timedelta(milliseconds=100)


async def stored(some: Bench, call: CallRecord) -> Rating | None:
    async with some.pool.acquire() as connection:
        return await rating_of_call(connection, call.call_id)


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_rating_that_was_not_stored(bench: Bench, recorded: bool) -> None:
    call = served(bench)
    heard(bench, "HOTLINE_RATING", call.uniqueid, "three_step 3", before_end(call))
    if recorded:
        await bench.record(bench.live.values())
    done = await bench.reconciler().reconcile()
    rating = await stored(bench, call)
    assert rating is not None
    assert (rating.answer, rating.agent, rating.queue) == ("dissatisfied", call.agent, call.queue)
    assert abs(rating.given_at - before_end(call)) < timedelta(milliseconds=1)
    assert done.found["rating"] == 1
    assert (await bench.reconciler().reconcile()).found == {}


async def test_the_first_rating_stands(bench: Bench) -> None:
    """Asked by a script that died, then by the dialplan; and one that was stored already."""
    call, other = (one for one in list(bench.live.values())[:2])
    for key in ("1", "3"):
        at = before_end(call) + timedelta(milliseconds=int(key))
        heard(bench, "HOTLINE_RATING", call.uniqueid, f"three_step {key}", at)
    heard(bench, "HOTLINE_RATING", other.uniqueid, "three_step 3", before_end(other))
    known = Rating(
        call_id=other.call_id, agent=None, queue=None, scale="three_step",
        answer="satisfied", given_at=before_end(other),
    )  # fmt: skip
    async with bench.pool.acquire() as connection:
        await store_rating(connection, known)
    assert (await bench.reconciler().reconcile()).found["rating"] == 1
    rating = await stored(bench, call)
    assert rating is not None
    assert rating.answer == "satisfied"
    assert await stored(bench, other) == known


@pytest.mark.parametrize(
    "extra",
    ["three_step 9", "four_step 1", "three_step 11", "three_step", "", 'x","y 1', "three_step ١"],
)
async def test_what_is_no_rating(bench: Bench, extra: str) -> None:
    call = served(bench)
    await bench.record(bench.live.values())
    heard(bench, "HOTLINE_RATING", call.uniqueid, extra, before_end(call))
    assert (await bench.reconciler().reconcile()).found == {}
    assert await stored(bench, call) is None


async def test_a_rating_of_this_moment_is_still_being_stored(bench: Bench) -> None:
    call = max(bench.live.values(), key=before_end)
    heard(bench, "HOTLINE_RATING", call.uniqueid, "three_step 1", before_end(call))
    now = bench.last_end + timedelta(seconds=1)
    assert "rating" not in (await bench.reconciler(now=now).reconcile()).found


async def claim(connection: Any, now: datetime) -> attempts.Attempt | None:
    return await attempts.claim(
        connection,
        7,
        NUMBER,
        switchboard=NAME,
        questions=CASE_CALLBACK_V1,
        max_attempts=3,
        now=now,
    )


async def attempt_in_survey(some: Bench, now: datetime) -> str:
    async with some.pool.acquire() as connection, connection.transaction():
        attempt = await claim(connection, now)
        assert attempt is not None
        await attempts.mark_dialling(connection, attempt.attempt_id, now=now)
        await attempts.mark_answered(connection, attempt.attempt_id, now=now)
        return attempt.attempt_id


@pytest.mark.parametrize(
    ("keys", "outcome"),
    [
        ({"contacted": "1"}, Outcome.INCOMPLETE),
        ({"contacted": "1", "solved": "2", "satisfied": "3"}, Outcome.COMPLETED),
    ],
)
@pytest.mark.parametrize("ended", [True, False])
async def test_answers_that_were_not_stored(
    bench: Bench,
    keys: dict[str, str],
    outcome: Outcome,
    ended: bool,
) -> None:
    at = bench.last_end - timedelta(seconds=20)
    attempt_id = await attempt_in_survey(bench, at)
    if ended:  # by whoever found its channel gone, and no answer
        await end(bench, attempt_id, at)
    for number, (question, key) in enumerate(keys.items()):
        when = at + timedelta(seconds=number)
        heard(bench, "HOTLINE_ANSWER", attempt_id, f"{question} {key}", when)
    heard(bench, "HOTLINE_ANSWER", attempt_id, "weather 1", at)
    heard(bench, "HOTLINE_ANSWER", "survey-unknown", "contacted 1", at)
    assert (await bench.reconciler().reconcile()).found["answer"] == len(keys)
    if not ended:
        await end(bench, attempt_id, at)
    (result,) = await results(bench)
    assert result.attempt.outcome is outcome
    meant = {"contacted": "yes", "solved": "no", "satisfied": "dissatisfied"}
    assert result.answers == {question: meant[question] for question in keys}
    assert "answer" not in (await bench.reconciler().reconcile()).found
    async with bench.pool.acquire() as connection, connection.transaction():
        again = await claim(connection, datetime.now(UTC))
    assert again is None  # who has answered is not called again


async def end(some: Bench, attempt_id: str, now: datetime) -> None:
    async with some.pool.acquire() as connection, connection.transaction():
        await attempts.end_survey(connection, attempt_id, now=now)


async def results(some: Bench) -> Any:
    async with some.pool.acquire() as connection:
        return await results_of_case(connection, 7)


async def test_ratings_are_told_by_call(bench: Bench) -> None:
    call = served(bench)
    heard(bench, "HOTLINE_RATING", call.uniqueid, "three_step 1", before_end(call))
    await bench.reconciler().reconcile()
    row = await bench.pool.fetchrow(
        "select call_id, repaired, told ->> 'answer' as answer from reconciliation_differences"
        " where kind = 'rating'"
    )
    assert tuple(row) == (f"{NAME}-{call.uniqueid}", True, "satisfied")

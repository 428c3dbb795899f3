"""What moves a case's callback on: the next attempt is claimed, an ended one is followed up."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pgqueuer.errors import RetryRequested

from callback_survey import attempts
from callback_survey.attempts import Attempt, Refusal
from callback_survey.outcome import Outcome
from callback_survey.questionnaire import CASE_CALLBACK_V1
from callback_survey.retry import RetryPolicy, next_call_at, within_window
from gateway.case_audience import audience_of
from gateway.context import Context
from gateway.exclusions import skip_callback
from gateway.jobs import enqueue_survey, enqueue_telling
from gateway.live import LiveEvent
from gateway.ownership import owned_lately
from gateway.settings import Settings
from ticketing.cases import find_case_by_id
from ticketing.lifecycle import CaseState

NUMBER_BUSY = timedelta(minutes=2)
TRUNKS_BUSY = timedelta(seconds=10)


def retry_policy(settings: Settings) -> RetryPolicy:
    """The rules of calling again, as set."""
    return RetryPolicy(
        max_attempts=settings.survey_attempts,
        opens=settings.survey_opens,
        closes=settings.survey_closes,
    )


def dialled_by(call_id: str | None, owned: Sequence[str], first: str) -> str:
    """Which switchboard calls back: where the call of the case came in, if somebody owns that.

    ``owned`` are those with an owner, ``first`` that of the settings: for a case without a call, or
    whose switchboard nobody owns any more.
    """
    home = (call_id or "").partition("-")[0]
    return next((name for name in (home, first, *owned) if name in owned), first)


async def claim_attempt(context: Context, case_id: int) -> Attempt | None:
    """Claim the next attempt of a case, for the switchboard's owner to dial.

    ``None`` when there is nothing (more) to do, or nobody is called back about such a case (C6).
    Raises `RetryRequested` when it is not the time: outside the calling window, too many calls at
    once, the number is being called already.
    """
    settings, now = context.settings, context.clock()
    if await _skip(context, case_id):
        return None
    opens_at = within_window(now, retry_policy(settings))
    if opens_at > now:
        raise RetryRequested(opens_at - now, "outside the calling window")
    async with context.engines.pool.acquire() as connection, connection.transaction():
        case = await find_case_by_id(connection, case_id)
        number = case.caller
        if not number or case.state is not CaseState.CLOSED:  # reopened meanwhile
            return None
        owned = await owned_lately(connection)
        switchboard = dialled_by(case.call_id, owned, settings.first_switchboard)
        if len(await attempts.live(connection, switchboard)) >= settings.survey_concurrency:
            raise RetryRequested(TRUNKS_BUSY, "as many calls as allowed are up")
        attempt = await attempts.claim(
            connection,
            case_id,
            number,
            switchboard=switchboard,
            questions=CASE_CALLBACK_V1,
            max_attempts=settings.survey_attempts,
            now=now,
        )
        if attempt is None:
            limit = settings.survey_attempts
            why = await attempts.why_refused(connection, case_id, number, limit)
            if why in {Refusal.NUMBER_IS_LIVE, Refusal.NONE}:
                raise RetryRequested(NUMBER_BUSY, "the number is being called already")
        return attempt


async def _skip(context: Context, case_id: int) -> bool:
    """Whether the case is excluded from callbacks; then that is noted, and told."""
    async with context.engines.pool.acquire() as connection, connection.transaction():
        case = await find_case_by_id(connection, case_id)
        if case.state is not CaseState.CLOSED:
            return False
        now = context.clock()
        if await skip_callback(connection, case, now=now) is None:
            return False
        departments = sorted(await audience_of(connection, case))
        about = {"case_no": case.case_no, "call_id": case.call_id, "opened_by": case.opened_by}
        data = about | {"confidential": case.confidential, "departments": departments}
        data["notice"] = False
        event_id = f"case.callback_skipped:{case.case_no}:{case.version + 1}"
        event = LiveEvent(event_id, "case.callback_skipped", now, data)
        await enqueue_telling(connection, [event])
    return True


async def end_and_follow_up(
    context: Context, connection: Any, attempt_id: str, outcome: Outcome
) -> Attempt | None:
    """End an attempt with ``outcome`` and enqueue the next one where the rules want it.

    ``None`` when it had ended already. ``connection`` is in a transaction.
    """
    ended = await attempts.end(connection, attempt_id, outcome, now=context.clock())
    return await _follow_up(context, connection, ended)


async def end_survey_and_follow_up(
    context: Context, connection: Any, attempt_id: str
) -> Attempt | None:
    """The same with the outcome judged by what was answered."""
    ended = await attempts.end_survey(connection, attempt_id, now=context.clock())
    return await _follow_up(context, connection, ended)


async def resolve_and_follow_up(context: Context, connection: Any, seen: Attempt) -> Attempt | None:
    """The same for an attempt whose call is over, unless it got on since it was ``seen``."""
    ended = await attempts.resolve(connection, seen, now=context.clock())
    return await _follow_up(context, connection, ended)


async def _follow_up(context: Context, connection: Any, ended: Attempt | None) -> Attempt | None:
    if ended is None or ended.outcome is None or ended.ended_at is None:
        return None
    used = attempts.count_used(await attempts.of_case(connection, ended.case_id))
    policy = retry_policy(context.settings)
    again_at = next_call_at(ended.outcome, used, ended.ended_at, policy)
    if again_at is not None:
        await enqueue_survey(connection, ended.case_id, delay=again_at - ended.ended_at)
    return ended

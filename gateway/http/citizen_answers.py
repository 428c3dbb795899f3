"""Who calls, as the pages show it beside a call and a case (T6)."""

from datetime import datetime, timedelta
from typing import Any

from gateway.auth.roles import CASE_WORKERS, Person
from gateway.home_areas import HOME_AREAS
from gateway.http.actors import actor_of
from gateway.http.call_answers import Call, masked_call
from gateway.http.call_history import count_calls_of, earlier_calls_of
from gateway.http.endpoint import Answer, Inquiry
from gateway.masking import mask_number
from ticketing.case import CaseKind
from ticketing.cases import cases_for_caller, count_open_cases
from ticketing.citizens.cards import Card, find_card, national_number
from ticketing.citizens.marks import Mark, MarkKind, MarkState, mark_of
from ticketing.lifecycle import CaseState

MOST_PAST = 10
DAY = timedelta(hours=24)


class CaseOutline(Answer):
    """A case as far as a list beside a call shows it."""

    case_no: str
    title: str
    kind: CaseKind
    state: CaseState
    opened_at: datetime


class CardAnswer(Answer):
    """What is kept of a citizen; ``version`` 0: nothing is."""

    name: str = ""
    address: str = ""
    notes: str = ""
    version: int = 0
    changed_by: str | None = None
    changed_at: datetime | None = None


class NuisanceFlag(Answer):
    """A mark of the number that is in force until ``ends_at``, or was proposed."""

    mark_id: int
    kind: MarkKind
    state: MarkState
    ends_at: datetime | None


class CallerHistory(Answer):
    """What is known of who calls.

    ``calls_in_window`` are those of the last ``window_days`` days, the present one among them; so
    many as are set make a ``repeat_caller``. ``open_cases`` are those that whoever asks sees.
    ``card`` is null for who does not work with citizens. ``home_area`` (归属地) is where the number
    was given out; null: unknown.
    """

    caller: str
    home_area: str | None
    repeat_calls_24h: int
    calls_in_window: int
    window_days: int
    repeat_caller: bool
    open_cases: int
    nuisance: NuisanceFlag | None
    card: CardAnswer | None
    past_calls: list[Call]
    cases: list[CaseOutline]


async def caller_history(
    connection: Any, inquiry: Inquiry[Any, Any], caller: str, *, call_id: str = ""
) -> CallerHistory:
    """What is known of a number, apart from the call that is looked at; it may be empty."""
    person, settings, now = inquiry.person, inquiry.settings, inquiry.services.clock()
    days = settings.repeat_caller_days

    async def calls_since(since: datetime) -> int:
        return await count_calls_of(connection, caller, apart_from=call_id, since=since)

    this = 1 if call_id and caller else 0
    in_window = this + await calls_since(now - timedelta(days=days))
    past = await earlier_calls_of(connection, caller, apart_from=call_id, limit=MOST_PAST)
    actor = actor_of(person)
    cases = await cases_for_caller(connection, caller, actor, limit=MOST_PAST)
    return CallerHistory(
        caller=mask_number(caller),
        home_area=await _home_area(connection, inquiry, caller),
        repeat_calls_24h=await calls_since(now - DAY),
        calls_in_window=in_window,
        window_days=days,
        repeat_caller=in_window >= settings.repeat_caller_calls,
        open_cases=await count_open_cases(connection, caller, actor),
        nuisance=_flag(await mark_of(connection, caller, now=now)),
        card=await _card(connection, person, caller),
        past_calls=[masked_call(earlier) for earlier in past],
        cases=[CaseOutline.about(case) for case in cases],
    )


def card_answer(card: Card | None) -> CardAnswer:
    """A card, or that there is none."""
    return CardAnswer() if card is None else CardAnswer.about(card)


async def _home_area(connection: Any, inquiry: Inquiry[Any, Any], caller: str) -> str | None:
    if not caller:
        return None
    number = await national_number(connection, caller)
    return await inquiry.request.app[HOME_AREAS].find(number)


async def _card(connection: Any, person: Person, caller: str) -> CardAnswer | None:
    if person.role not in CASE_WORKERS or not caller:
        return None
    return card_answer(await find_card(connection, caller))


def _flag(mark: Mark | None) -> NuisanceFlag | None:
    return None if mark is None else NuisanceFlag.about(mark)

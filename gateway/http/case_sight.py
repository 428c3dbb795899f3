"""Which case a person may see, as what, and whether with its caller."""

from typing import Any

from gateway.auth.roles import Person
from gateway.http.actors import actor_of
from gateway.http.problems import not_found
from gateway.masking import hide_number, mask_number
from ticketing.case import Case
from ticketing.cases import find_case
from ticketing.errors import CaseNotFoundError
from ticketing.lifecycle import Party
from ticketing.visibility import party_of


def caller_shown(case: Case, person: Person) -> str:
    """The masked caller; a confidential case (保密) shows it to who opened it and overseers."""
    if case.confidential and not (person.oversees or person.login == case.opened_by):
        return hide_number(case.caller)
    return mask_number(case.caller)


async def case_for(connection: Any, person: Person, case_no: str) -> Case:
    """A case that ``person`` may see; the 404 `Problem` alike for none and for one of others."""
    try:
        case = await find_case(connection, case_no)
    except CaseNotFoundError:
        raise not_found("工单") from None
    if await party_for(connection, case, person) is None:
        raise not_found("工单")
    return case


async def party_for(connection: Any, case: Case, person: Person) -> Party | None:
    """What ``person`` is to a case; ``None`` where he may not see it."""
    return await party_of(
        connection,
        actor_of(person),
        case_id=case.case_id,
        opened_by_actor=case.opened_by == person.login,
        confidential=case.confidential,
    )


async def handles(connection: Any, case: Case, person: Person) -> bool:
    """Whether ``person`` works on a case, and does not only look at it."""
    return await party_for(connection, case, person) not in (None, Party.ABOVE, Party.ADMINISTRATOR)

"""Who sees a case, and what he is to it.

Department people see the cases of their department and of all below it; a confidential case
(保密) is seen by who opened it, supervisors, and the departments it was dispatched to.
"""

from typing import Any

from ticketing import case_store
from ticketing.case import Actor, ActorRole, Case
from ticketing.lifecycle import Party

_STAFF = {
    ActorRole.AGENT: Party.AGENT,
    ActorRole.SUPERVISOR: Party.SUPERVISOR,
    ActorRole.ADMINISTRATOR: Party.ADMINISTRATOR,
}


def staff_sees(case: Case, actor: Actor) -> bool:
    """Whether somebody of the hotline itself sees a case."""
    own = case.opened_by == actor.login
    return own or _staff_sees(actor, confidential=case.confidential)


def sight(actor: Actor) -> dict[str, Any]:
    """Who of the hotline itself looks, as queries are told: their ``see_all`` and ``viewer``."""
    return {"see_all": actor.role is ActorRole.SUPERVISOR, "viewer": actor.user_id}


async def party_of(
    conn: Any, actor: Actor, *, case_id: int, opened_by_actor: bool, confidential: bool
) -> Party | None:
    """What ``actor`` is to a case, or ``None`` when it is not for him to see."""
    if actor.department_id is None:
        seen = opened_by_actor or _staff_sees(actor, confidential=confidential)
        return _STAFF.get(actor.role) if seen else None
    part = await case_store.part_in(conn, case_id, actor.department_id)
    if part is not None:
        return Party(part)
    if confidential or not await case_store.is_at_or_below(conn, case_id, actor.department_id):
        return None
    return Party.ABOVE


def _staff_sees(actor: Actor, *, confidential: bool) -> bool:
    if actor.role is ActorRole.DEPARTMENT:
        return False
    return actor.role is ActorRole.SUPERVISOR or not confidential

"""Who may hear what was said in a call (FAULTS security 25): the least that the work needs."""

from typing import Any

import structlog

from gateway.auth.roles import Person, Role
from gateway.http.actors import actor_of
from gateway.http.call_history import stored_call
from gateway.http.endpoint import Inquiry
from gateway.live_state import Fields
from gateway.recordings import Recording, Recordings, RecordingsAwayError
from ticketing.case import Case
from ticketing.visibility import staff_sees

log = structlog.get_logger(__name__)


def may_hear(call: Fields, case: Case | None, person: Person) -> bool:
    """Supervisors all calls, agents those they spoke in; of a confidential case who sees it.

    ``case`` is the one that followed from the call.
    """
    if case is not None and not staff_sees(case, actor_of(person)):
        return False
    if person.role is Role.SUPERVISOR:
        return True
    return person.role is Role.AGENT and _spoke(call, person)


async def may_hear_call_of(connection: Any, case: Case, person: Person) -> bool:
    """Whether ``person`` may hear the call that a case followed from."""
    if case.call_id is None or person.role not in (Role.SUPERVISOR, Role.AGENT):
        return False
    call = await stored_call(connection, case.call_id)
    return call is not None and may_hear(call, case, person)


async def recording_of(inquiry: Inquiry[Any, Any], call: Fields) -> Recording | None:
    """The recording of a call that is over, if there is one; raises `RecordingsAwayError`."""
    if call["ended_at"] is None:
        return None
    return await Recordings.of(inquiry.settings).find(call["switchboard"], uniqueid_of(call))


def uniqueid_of(call: Fields) -> str:
    """The Uniqueid of the caller's channel."""
    return str(call["call_id"]).removeprefix(f"{call['switchboard']}-")


async def may_be_offered(inquiry: Inquiry[Any, Any], call: Fields, case: Case | None) -> bool:
    """Whether a page has whoever asks listen to a call.

    Also while the files cannot be looked at: who tries is told so.
    """
    if not may_hear(call, case, inquiry.person):
        return False
    try:
        return await recording_of(inquiry, call) is not None
    except RecordingsAwayError as error:
        log.warning("recordings_away", error=str(error))
        return True


def _spoke(call: Fields, person: Person) -> bool:
    if call["switchboard"] != person.switchboard:
        return False
    return any(part["agent"] == person.agent for part in call["agents"])

"""What pages are told of cases, on the live wire, after the transaction."""

import structlog
from redis.exceptions import RedisError

from gateway import live
from gateway.http.services import Services
from gateway.live import LiveEvent
from ticketing.case import Case
from ticketing.lifecycle import CaseState, Step, Transition, Trigger

log = structlog.get_logger(__name__)

_AFTERWARDS = (Step.NOTED, Step.SEPARATED, Step.REJOINED)  # of a case that is closed already


def event_name(step: Step, row: Transition) -> str:
    """``case.opened``, ``case.closed`` however it was, else the step's own name."""
    if step is Step.REGISTERED:
        return "case.opened"
    ended = row.to is CaseState.CLOSED and step not in _AFTERWARDS
    return "case.closed" if ended else f"case.{step.value}"


async def tell(
    services: Services, name: str, case: Case, departments: set[str], *, notice: bool = False
) -> None:
    """Tell the pages; the case is stored, so a wire that is down costs them a reload only."""
    data = {
        "case_no": case.case_no,
        "call_id": case.call_id,
        "opened_by": case.opened_by,
        "confidential": case.confidential,
        "departments": sorted(departments),
        "notice": notice,
    }
    event_id = f"{name}:{case.case_no}:{case.version}"
    try:
        await live.publish(services.redis, LiveEvent(event_id, name, services.clock(), data))
    except RedisError as error:
        log.warning("case_untold", name=name, error=type(error).__name__)


async def tell_step(
    services: Services, step: Step, row: Transition, case: Case, departments: set[str]
) -> None:
    """Tell the pages of a step; those of the departments show a notice where the table says so."""
    notice = Trigger.NOTICE in row.triggers
    await tell(services, event_name(step, row), case, departments, notice=notice)

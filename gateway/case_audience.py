"""Which departments are told of what happens to a case."""

from typing import Any

from ticketing import case_store
from ticketing.case import Case


async def audience_of(connection: Any, case: Case) -> set[str]:
    """Codes of the departments that are told of a case: a confidential one only its own."""
    if case.confidential:
        own = (case.lead, case.responsible, *case.assisting)
        return {department.code for department in own if department is not None}
    return set(await case_store.audience(connection, case.case_id))

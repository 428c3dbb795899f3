"""A case that another system sends: opened, its clocks started, the pages told."""

from typing import Any

from gateway.case_audience import audience_of
from gateway.case_clocks import timing_of
from gateway.http.actors import actor_of, as_problems
from gateway.http.case_events import tell
from gateway.http.endpoint import Inquiry
from ticketing.case import Case, NewCase
from ticketing.clocks.following import follow_opening
from ticketing.clocks.rules import Urgency
from ticketing.inbound import Origin, open_sent_case


async def open_sent(
    inquiry: Inquiry[Any, Any], connection: Any, new: NewCase, origin: Origin
) -> Case:
    """Open it in the transaction of ``connection``; raises `Problem`.

    Nobody but people of the hotline decides how urgent it is and who handles it.
    """
    now = inquiry.services.clock()
    with as_problems():
        case = await open_sent_case(
            connection, new, origin, actor=actor_of(inquiry.person), now=now
        )
    await follow_opening(
        connection,
        case,
        urgency=Urgency.ORDINARY,
        timing=timing_of(inquiry.settings),
        actor=inquiry.person.login,
        at=now,
    )
    return case


async def tell_sent(inquiry: Inquiry[Any, Any], connection: Any, case: Case) -> None:
    """Tell the pages of it, after the transaction."""
    await tell(inquiry.services, "case.opened", case, await audience_of(connection, case))

"""Nuisance marks as the API tells them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from gateway.http.call_history import calls_by_ids
from gateway.http.endpoint import Answer, Inquiry
from gateway.live_state import Fields
from gateway.masking import mask_number
from ticketing.citizens.marks import Mark, MarkKind, MarkState


class EvidenceCall(Answer):
    """A call that a mark was proposed on; ``arrived_at`` is null when it is recorded no more."""

    call_id: str
    arrived_at: datetime | None
    outcome: str | None
    talk_s: float


class MarkAnswer(Answer):
    """A mark of a number, which is masked; people are logins.

    ``ends_at`` is when it expires, of a lifted one when it was lifted. ``may_decide``: whoever asks
    is not the one who proposed it.
    """

    mark_id: int
    number: str
    kind: MarkKind
    reason: str
    state: MarkState
    in_force: bool
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    decision: str
    ends_at: datetime | None
    lifted_by: str | None
    lift_reason: str
    mistaken: bool
    may_decide: bool
    calls: list[EvidenceCall]


async def mark_answers(
    connection: Any, found: Sequence[Mark], inquiry: Inquiry[Any, Any]
) -> list[MarkAnswer]:
    """Marks as whoever asks may see them, each with its calls, oldest first."""
    ids = {call_id for mark in found for call_id in mark.call_ids}
    calls = await calls_by_ids(connection, ids) if ids else {}
    return [_answer(mark, calls, inquiry) for mark in found]


def _answer(mark: Mark, calls: dict[str, Fields], inquiry: Inquiry[Any, Any]) -> MarkAnswer:
    evidence = [_evidence(call_id, calls.get(call_id)) for call_id in mark.call_ids]
    return MarkAnswer(
        mark_id=mark.mark_id,
        number=mask_number(mark.number),
        kind=mark.kind,
        reason=mark.reason,
        state=mark.state,
        in_force=mark.in_force(inquiry.services.clock()),
        proposed_by=mark.proposed_by,
        proposed_at=mark.proposed_at,
        decided_by=mark.decided_by,
        decided_at=mark.decided_at,
        decision=mark.decision,
        ends_at=mark.ends_at,
        lifted_by=mark.lifted_by,
        lift_reason=mark.lift_reason,
        mistaken=mark.mistaken,
        may_decide=mark.proposed_by != inquiry.person.login,
        calls=sorted(evidence, key=lambda call: (call.arrived_at is None, call.arrived_at)),
    )


def _evidence(call_id: str, call: Fields | None) -> EvidenceCall:
    if call is None:
        return EvidenceCall(call_id=call_id, arrived_at=None, outcome=None, talk_s=0)
    return EvidenceCall(
        call_id=call_id,
        arrived_at=call["arrived_at"],
        outcome=call["outcome"],
        talk_s=call["talk_s"],
    )

"""Showing a number in full (FAULTS security 24): who may, how often, the audit row before it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql

from gateway.audit import Act, record
from gateway.auth.roles import Person, Role
from gateway.errors import GatewayError
from ticketing.case import Case
from ticketing.lifecycle import CaseState, Party

ACTION = "number.revealed"
WINDOW = timedelta(hours=1)
IN_HAND = frozenset({CaseState.ACCEPTED, CaseState.HANDLING})

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "audit.sql", "asyncpg")


class TooManyRevealsError(GatewayError):
    """The person has had as many numbers shown as he may; ``retry_s`` seconds to the next."""

    def __init__(self, limit: int, retry_s: int) -> None:
        super().__init__(f"每人每小时最多查看 {limit} 个完整号码，请在 {retry_s} 秒后再试")
        self.retry_s = retry_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Reveal:
    """Somebody wants the number of a call or a case, for a reason; ``subject`` is its id."""

    person: Person
    of: str
    subject: str
    reason: str


def may_reveal(case: Case, person: Person, party: Party | None) -> bool:
    """Whether somebody has the right to a case's full number; ``party`` is what he is to it.

    Supervisors; the agent who opened it; people of the lead department from signing it until they
    have replied, unless the case is confidential.
    """
    if party is Party.SUPERVISOR:
        return True
    if party is Party.AGENT:
        return case.opened_by == person.login
    return party is Party.LEAD and not case.confidential and case.state in IN_HAND


def may_reveal_caller(case: Case | None, person: Person) -> bool:
    """Whether somebody who had a part in a call, or oversees it, has the right to its number.

    ``case`` is the one that followed from it.
    """
    hidden = case is not None and case.confidential and case.opened_by != person.login
    return person.role is Role.SUPERVISOR or (person.role is Role.AGENT and not hidden)


async def record_reveal(connection: Any, wanted: Reveal, *, limit: int, at: datetime) -> None:
    """Write to the audit log that the number is shown, before it is; commit, then show.

    Raises `TooManyRevealsError` when the person has had ``limit`` within the hour. ``connection``
    is in a transaction; of one person's requests one is counted at a time.
    """
    person = wanted.person
    await _QUERIES.lock_person(connection, user_id=person.user_id)
    row = await _QUERIES.acts_since(
        connection, actor=person.login, action=ACTION, since=at - WINDOW
    )
    if row["acts"] >= limit:
        wait = row["oldest"] + WINDOW - at
        raise TooManyRevealsError(limit, max(1, round(wait.total_seconds())))
    detail = {"of": wanted.of, "reason": wanted.reason}
    act = Act(actor=person.login, action=ACTION, subject=wanted.subject, detail=detail)
    await record(connection, act, "done", at=at)

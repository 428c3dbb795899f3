"""Services and service requests as Open311 shows them: what is public, and to whom.

Shown are cases whose citizen agreed to it, and to a system those that it sent itself; a
confidential case (保密) is shown to nobody. Of a case the text and the place are shown, never who
asked, and never the reply.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Named, named
from ticketing.lifecycle import ENDED, CaseState

SPAN = timedelta(days=90)  # "may not span more than 90 days"
REQUESTS_MAX = 1000  # "first 1000 requests returned"
HIDDEN = "***"

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "service_requests.sql", "asyncpg")
# E-mail addresses, and what may be a telephone, an identity or a bank number.
_PERSONAL = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?(?<![0-9])[0-9](?:[ -]?[0-9]){5,18}[ -]?[0-9Xx](?![0-9])"
)


class RequestStatus(StrEnum):
    """The two that GeoReport v2 knows."""

    OPEN = "open"
    CLOSED = "closed"

    @property
    def states(self) -> tuple[CaseState, ...]:
        """The states of a case that this stands for."""
        closed = self is RequestStatus.CLOSED
        return tuple(state for state in CaseState if (state in ENDED) is closed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A sub-class that cases may be of, and its class."""

    code: str
    name: str
    group: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `open_services`."""
        return cls(code=row["code"], name=row["name"], group=row["group_name"])


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRequest:
    """A case as Open311 shows it; ``expected_at`` is its deadline while it is open."""

    case_no: str
    state: CaseState
    service: Named | None
    description: str
    agency: str | None
    opened_at: datetime
    updated_at: datetime
    expected_at: datetime | None
    address: str
    latitude: float | None
    longitude: float | None

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `shown_requests`."""
        return cls(
            case_no=row["case_no"],
            state=CaseState(row["state"]),
            service=named(row["category_code"], row["category_name"]),
            description=without_personal(row["body"]),
            agency=row["lead_name"],
            opened_at=row["opened_at"],
            updated_at=row["updated_at"],
            expected_at=row["deadline"],
            address=without_personal(row["address"]),
            latitude=row["latitude"],
            longitude=row["longitude"],
        )

    @property
    def status(self) -> RequestStatus:
        """Open or closed."""
        return RequestStatus.CLOSED if self.state in ENDED else RequestStatus.OPEN


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedRequests:
    """Which of them; ``numbers`` override everything else, empty means all."""

    numbers: Sequence[str] = ()
    services: Sequence[str] = ()
    statuses: Sequence[RequestStatus] = ()
    start: datetime
    end: datetime

    @property
    def states(self) -> list[CaseState]:
        """The states of the statuses wanted."""
        return [state for status in self.statuses or RequestStatus for state in status.states]


def without_personal(text: str) -> str:
    """``text`` with long numbers and e-mail addresses hidden, which people write into it."""
    return _PERSONAL.sub(HIDDEN, text)


def window(
    start: datetime | None, end: datetime | None, now: datetime
) -> tuple[datetime, datetime] | None:
    """The time that is searched; one end given means 90 days from it, none the last 90 days.

    ``None`` when both are given and span more than that, or end before they start.
    """
    if start is None:
        end = end or now
        return end - SPAN, end
    if end is None:
        return start, start + SPAN
    return (start, end) if timedelta(0) <= end - start <= SPAN else None


async def list_services(conn: Any) -> list[Service]:
    """Sub-classes that cases may be of, by code."""
    return [Service.from_row(row) async for row in _QUERIES.open_services(conn)]


async def services_changed_at(conn: Any) -> datetime:
    """When the list of services was changed last."""
    changed: datetime = await _QUERIES.services_changed_at(conn)
    return changed


async def list_requests(
    conn: Any, wanted: WantedRequests, key_id: int | None
) -> list[ServiceRequest]:
    """Requests that the system ``key_id``, or anybody, may see, newest first."""
    if wanted.numbers:
        rows = _QUERIES.shown_by_number(conn, numbers=list(wanted.numbers), key_id=key_id)
        ids = [row["case_id"] async for row in rows]
    else:
        rows = _QUERIES.shown_between(
            conn,
            start=wanted.start,
            end=wanted.end,
            services=list(wanted.services) or None,
            states=wanted.states,
            key_id=key_id,
            limit=REQUESTS_MAX,
        )
        ids = [row["case_id"] async for row in rows]
    if not ids:
        return []
    found = _QUERIES.shown_requests(conn, case_ids=ids)
    return [ServiceRequest.from_row(row) async for row in found]

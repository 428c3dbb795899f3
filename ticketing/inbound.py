"""Cases that other systems send, and letters and visits: who sent them, whom to call back."""

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

import aiosql

from ticketing.case import Actor, Case, CaseSource, NewCase
from ticketing.cases import open_case
from ticketing.errors import CaseInvalidError
from ticketing.lifecycle import CaseState
from ticketing.numbers import written_number

REFERENCE_MAX = 128
_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "inbound.sql", "asyncpg")
_COUNTRY = re.compile(r"^(?:\+|00)86(?=[0-9]{7,})")


def telephone(field: str, text: str) -> str:
    """A number as people write it, as the switchboard would tell it: digits, no 86 in front.

    Raises `CaseInvalidError` for ``field``.
    """
    number = written_number(text)
    if number is None:
        raise CaseInvalidError(field, "电话号码须是 3 至 20 位数字，可带区号、空格和连字符")
    return _COUNTRY.sub("", number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What comes with a case from another system.

    ``reference`` is its number there; ``public`` says that the citizen agreed to have text and
    place shown publicly. Coordinates are WGS84 degrees, both or none.
    """

    key_id: int
    reference: str = ""
    public: bool = False
    latitude: float | None = None
    longitude: float | None = None

    def check(self, new: NewCase) -> None:
        """Raise `CaseInvalidError` for what does not go together."""
        if (self.latitude is None) != (self.longitude is None):
            raise CaseInvalidError("longitude", "经度和纬度须同时填写")
        if self.public and new.confidential:
            raise CaseInvalidError("public", "保密的诉求不能公开")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCase:
    """A case as the system that sent it may see it; ``result`` is told once it is closed."""

    case_no: str
    reference: str
    source: CaseSource
    state: CaseState
    opened_at: datetime
    closed_at: datetime | None
    result: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `sent_case`."""
        state = CaseState(row["state"])
        return cls(
            case_no=row["case_no"],
            reference=row["reference"],
            source=CaseSource(row["source"]),
            state=state,
            opened_at=row["opened_at"],
            closed_at=row["closed_at"],
            result=row["result"] if state is CaseState.CLOSED else "",
        )


async def open_sent_case(
    conn: Any, new: NewCase, origin: Origin, *, actor: Actor, now: datetime
) -> Case:
    """Open a case that another system sends; raises what `cases.open_case` raises."""
    origin.check(new)
    case = await open_case(conn, new, actor=actor, now=now)
    await _QUERIES.add_inbound(
        conn,
        case_id=case.case_id,
        key_id=origin.key_id,
        reference=origin.reference,
        public=origin.public,
        latitude=origin.latitude,
        longitude=origin.longitude,
        opened_at=case.opened_at,
    )
    return case


async def find_sent_case(conn: Any, key_id: int, case_no: str) -> SentCase | None:
    """A case that this key sent, by its number; ``None`` for any other."""
    row = await _QUERIES.sent_case(conn, key_id=key_id, case_no=case_no)
    return None if row is None else SentCase.from_row(row)

"""What is kept of a citizen beside his calls and cases: as little as the work needs (PIPL 6, 47).

A card belongs to a number, however that was sent; it is erased by deleting it. Every function works
in a transaction of the caller; ``caller`` is a full number and never empty.
"""

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

from ticketing.case import check_text
from ticketing.citizens.queries import QUERIES
from ticketing.errors import ConflictError, FieldInvalidError, NotFoundError

NAME_MAX = 64
ADDRESS_MAX = 200
NOTES_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """What an agent keeps; not all of it may be empty."""

    name: str = ""
    address: str = ""
    notes: str = ""

    def __post_init__(self) -> None:
        """Raise `FieldInvalidError` for a text that is too long, or none at all."""
        check_text("name", "称呼", self.name, NAME_MAX, required=False)
        check_text("address", "地址", self.address, ADDRESS_MAX, required=False)
        check_text("notes", "备注", self.notes, NOTES_MAX, required=False)
        if not (self.name or self.address or self.notes):
            raise FieldInvalidError("name", "至少填写一项；不再需要的资料请删除")


@dataclass(frozen=True, slots=True, kw_only=True)
class Card(CardText):
    """A stored card; ``version`` grows with every change, ``changed_by`` is a login."""

    version: int
    changed_by: str
    changed_at: datetime

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of ``sql/cards.sql``."""
        return cls(**{field.name: row[field.name] for field in fields(cls)})


async def find_card(conn: Any, caller: str) -> Card | None:
    """The card of a number, if anybody keeps one."""
    row = await QUERIES.find_card(conn, caller=caller)
    return None if row is None else Card.from_row(row)


async def save_card(
    conn: Any, caller: str, text: CardText, *, version: int, actor: str, now: datetime
) -> Card:
    """Keep ``text``; ``version`` is the one that was seen, 0 for none.

    Raises `ConflictError` when it was changed, made or erased meanwhile.
    """
    same = {"caller": caller, "actor": actor, "at": now}
    same |= {field.name: getattr(text, field.name) for field in fields(CardText)}
    if version == 0:
        row = await QUERIES.add_card(conn, **same)
    else:
        row = await QUERIES.change_card(conn, version=version, **same)
    if row is None:
        raise ConflictError("来电人资料已被他人修改，请刷新后重试")
    return Card.from_row(row)


async def erase_card(conn: Any, caller: str) -> None:
    """Forget what is kept of a number; raises `NotFoundError` when nothing is."""
    if await QUERIES.erase_card(conn, caller=caller) is None:
        raise NotFoundError("没有保存过这位来电人的资料")


async def national_number(conn: Any, caller: str) -> str:
    """A number as it is dialled in the country, however it was sent."""
    return str(await QUERIES.national_number(conn, caller=caller))

"""Cases that follow others up (后续工单): the citizen calls again about what was a case already."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql

from ticketing import case_store
from ticketing.case import Actor
from ticketing.errors import CaseInvalidError
from ticketing.visibility import party_of

SHOWN = 50
_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "follow_ups.sql", "asyncpg")


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """Numbers of the cases next to one: which it follows up, and the newest that follow it up."""

    follows: str | None
    followed_by: tuple[str, ...]


async def follow_up(conn: Any, case_id: int, follows: str, *, actor: Actor) -> None:
    """Note that a case that has just been opened follows up the one with this number.

    Raises `CaseInvalidError` when there is none that ``actor`` sees.
    """
    earlier = await case_store.by_number(conn, follows)
    party = earlier and await party_of(
        conn,
        actor,
        case_id=earlier.case_id,
        opened_by_actor=earlier.opened_by == actor.login,
        confidential=earlier.confidential,
    )
    if earlier is None or party is None:
        raise CaseInvalidError("follows", f"没有编号为{follows}的工单，或您无权查看")
    await _QUERIES.insert_follow_up(conn, case_id=case_id, follows=earlier.case_id)


async def follow_ups_of(conn: Any, case_id: int) -> FollowUps:
    """What a case follows up and is followed up by, at most `SHOWN`; whoever may see them."""
    following = _QUERIES.following_cases(conn, case_id=case_id, limit=SHOWN)
    return FollowUps(
        follows=await _QUERIES.followed_case(conn, case_id=case_id),
        followed_by=tuple([row["case_no"] async for row in following]),
    )

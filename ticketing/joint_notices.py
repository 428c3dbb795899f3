"""Notices of joint deadlines (联办时限), made as those of the clocks are: each exactly once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from ticketing.clocks.deadline import Timing
from ticketing.clocks.lights import Light
from ticketing.clocks.notices import Notice, NoticeKind
from ticketing.joint import Joint, joints_at

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql" / "joint_notices.sql", "asyncpg")
_KINDS = {Light.YELLOW: NoticeKind.REMINDED, Light.RED: NoticeKind.OVERDUE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A notice that a joint handling has now come to, whether it is made already or not."""

    joint_id: int
    notice: NoticeKind
    deadline: datetime


def due_of(joint: Joint, now: datetime) -> Due | None:
    """What is due of a joint handling; nothing before its deadline turns yellow."""
    light = joint.light(now)
    if joint.deadline is None or light not in _KINDS:
        return None
    return Due(joint_id=joint.joint_id, notice=_KINDS[light], deadline=joint.deadline)


async def due_notices(conn: Any, *, now: datetime, timing: Timing) -> list[Due]:
    """What is due of every joint handling that goes on."""
    found = [due_of(joint, now) async for joint in joints_at(conn, now, timing=timing)]
    return [due for due in found if due is not None]


async def claim_joint(conn: Any, due: Sequence[Due], *, now: datetime) -> list[Notice]:
    """Claim those of these notices that nobody has made, in a transaction of the caller's."""
    rows = _QUERIES.claim_joint(
        conn,
        joint_ids=[each.joint_id for each in due],
        notices=[each.notice for each in due],
        deadlines=[each.deadline for each in due],
        now=now,
    )
    return [Notice.from_row(row) async for row in rows]

"""Signing items of a list off with an instruction (签批): it becomes a step of the case."""

from datetime import datetime
from typing import Any

from ticketing.case import Actor
from ticketing.errors import ConflictError, NotFoundError
from ticketing.lifecycle import Party, Step
from ticketing.steps import StepRequest
from ticketing.supervision.queries import QUERIES
from ticketing.taking import Standing, allowed


def step_for(standing: Standing) -> Step | None:
    """What an instruction is for a case that stands so: 督办 where the table has it, else 备注.

    ``None`` where nothing can be said any more.
    """
    offered = allowed(standing, Party.SUPERVISOR)
    return next((step for step in (Step.SUPERVISED, Step.NOTED) if step in offered), None)


def request_for(case_no: str, standing: Standing, *, version: int, words: str) -> StepRequest:
    """The step that an instruction becomes; raises `ConflictError` where there is none."""
    match step_for(standing):
        case Step.SUPERVISED:
            return StepRequest(step=Step.SUPERVISED, version=version, reason=words)
        case Step.NOTED:
            return StepRequest(step=Step.NOTED, version=version, note=f"批示：{words}")
        case _:
            raise ConflictError(f"工单{case_no}已撤回或已并单，不能再批示")


async def check_unsigned(conn: Any, list_id: int, case_no: str) -> int:
    """The id of a case that is on the list and waits to be signed off.

    Raises `NotFoundError` or `ConflictError`.
    """
    row = await QUERIES.item_of_case(conn, list_id=list_id, case_no=case_no)
    if row is None:
        raise NotFoundError(f"工单{case_no}不在这份清单上")
    if row["signed_by"] is not None:
        raise ConflictError(f"工单{case_no}已由{row['signed_by']}签批")
    return int(row["case_id"])


async def sign(
    conn: Any, list_id: int, case_id: int, step: Step, *, words: str, actor: Actor, now: datetime
) -> None:
    """Keep that an item is signed off; raises `ConflictError` when somebody was quicker."""
    signed = await QUERIES.insert_instruction(
        conn,
        list_id=list_id,
        case_id=case_id,
        at=now,
        actor=actor.login,
        step=step,
        words=words,
    )
    if signed is None:
        raise ConflictError("清单中的工单已被他人签批，请刷新后重试")

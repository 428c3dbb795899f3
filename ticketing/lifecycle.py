"""The life of a case as one table: which step leads where, who may take it, what it needs (C4).

Nothing is decided anywhere else: the API offers what the table allows, and a step that it does not
have is refused. `docs/case-states.md` is drawn from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class CaseState(StrEnum):
    """Where a case stands."""

    REGISTERED = "registered"  # 已登记, to be dispatched or closed
    DISPATCHED = "dispatched"  # 待签收
    ACCEPTED = "accepted"  # 已签收
    HANDLING = "handling"  # 办理中
    REPLIED = "replied"  # 待审核
    RETURN_ASKED = "return_asked"  # 退单待审
    CLOSED = "closed"  # 已办结
    WITHDRAWN = "withdrawn"  # 已撤回
    MERGED = "merged"  # 已并单


class Step(StrEnum):
    """What was done to a case; each is one entry of its history."""

    REGISTERED = "registered"  # 登记
    ANSWERED_AT_ONCE = "answered_at_once"  # 即时答复
    DISPATCHED = "dispatched"  # 派发
    ACCEPTED = "accepted"  # 签收
    BEGUN = "begun"  # 开始办理
    REPLIED = "replied"  # 提交答复
    REVIEW_PASSED = "review_passed"  # 审核通过
    REVIEW_REFUSED = "review_refused"  # 审核退回
    RETURN_ASKED = "return_asked"  # 申请退单
    RETURN_GRANTED = "return_granted"  # 同意退单
    RETURN_REFUSED = "return_refused"  # 驳回退单
    REDISPATCHED = "redispatched"  # 改派
    EXTENSION_ASKED = "extension_asked"  # 申请延期
    EXTENSION_GRANTED = "extension_granted"  # 同意延期
    EXTENSION_REFUSED = "extension_refused"  # 驳回延期
    SUPERVISED = "supervised"  # 督办
    WITHDRAWN = "withdrawn"  # 撤回
    MERGED_INTO = "merged_into"  # 并单
    REOPENED = "reopened"  # 重办
    WHISTLED = "whistled"  # 吹哨: other departments are called in for joint handling
    REPORTED_IN = "reported_in"  # 报到
    CONTRIBUTED = "contributed"  # 提交协办结果
    JOINT_ENDED = "joint_ended"  # 结束联办
    PASSED_DOWN = "passed_down"  # 转派下级
    TAKEN_BACK = "taken_back"  # 收回
    NOTED = "noted"  # 备注
    CLOSED = "closed"  # 办结
    IMPORTED = "imported"  # 导入, out of another system; nobody's step
    SEPARATED = "separated"  # 诉访分离
    REJOINED = "rejoined"  # 撤销诉访分离
    CALLBACK_SKIPPED = "callback_skipped"  # 不回访, noted by the system


class Matter(StrEnum):
    """Before whom a matter is that is separated from case work (诉访分离)."""

    LITIGATION = "litigation"  # 诉讼
    ARBITRATION = "arbitration"  # 仲裁
    REVIEW = "review"  # 行政复议


class Party(StrEnum):
    """What somebody is to a case; of a department's people, by what the department is to it."""

    AGENT = "agent"  # 坐席
    SUPERVISOR = "supervisor"  # 值班长
    ADMINISTRATOR = "administrator"  # 管理员
    INTEGRATION = "integration"  # 对接系统
    LEAD = "lead"  # 主办部门
    ASSISTING = "assisting"  # 协办部门
    RESPONSIBLE = "responsible"  # 首接负责部门: passed the case down
    ABOVE = "above"  # 上级部门: sees the case of a department below it


class Field(StrEnum):
    """What a step may carry besides itself."""

    REASON = "reason"  # 理由
    RESULT = "result"  # 办理结果
    NOTE = "note"  # 备注
    DEPARTMENT = "department"  # 主办部门, by code
    ASSISTING = "assisting"  # 协办部门, by code
    CATEGORY = "category"  # 分类, by code
    TARGET = "target"  # 目标工单, by number
    DAYS = "days"  # 工作日数, of an extension or of a joint deadline
    HOURS = "hours"  # 报到小时数, within which those that are called report in
    CONTRIBUTION = "contribution"  # 协办结果
    MATTER = "matter"  # 分离事项


class Call(StrEnum):
    """How far a department is that was called in for joint handling."""

    CALLED = "called"  # 待报到
    REPORTED = "reported"  # 已报到
    CONTRIBUTED = "contributed"  # 已提交协办结果


class Trigger(StrEnum):
    """What follows from a step besides its history entry."""

    SURVEY = "survey"  # the callback is asked for in the same transaction
    NOTICE = "notice"  # the departments' pages say so to whoever is there


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table.

    ``extension`` limits it to cases for which an extension is asked (true) or is not (false),
    ``separated`` to those that are a separated matter or are none, ``joint`` to those that are
    handled jointly (true) or are not (false), ``street`` to those of which a street is in charge,
    ``call`` to departments that were called in and are so far.
    ``opening`` marks what is done together with opening the case and never afterwards.
    """

    to: CaseState
    parties: frozenset[Party]
    required: tuple[Field, ...] = ()
    optional: tuple[Field, ...] = ()
    triggers: frozenset[Trigger] = frozenset()
    extension: bool | None = None
    separated: bool | None = None
    joint: bool | None = None
    street: bool = False
    call: Call | None = None
    opening: bool = False


_AGENT, _CHIEF, _LEAD = Party.AGENT, Party.SUPERVISOR, Party.LEAD
_DESK = {_AGENT, _CHIEF}
_HELPING, _RESPONSIBLE = Party.ASSISTING, Party.RESPONSIBLE
_HANDS = {_AGENT, _CHIEF, _LEAD, _HELPING, _RESPONSIBLE}
_S, _D, _F, _T = CaseState, Step, Field, Trigger
_Key = tuple[CaseState | None, Step]
_REASON, _WHERE = _F.REASON, (_F.ASSISTING, _F.CATEGORY)
_WHISTLE = (_F.ASSISTING, _F.HOURS, _F.DAYS, _REASON)


def _row(
    to: CaseState,
    parties: set[Party],
    required: tuple[Field, ...] = (),
    optional: tuple[Field, ...] = (),
    triggers: tuple[Trigger, ...] = (),
    *,
    extension: bool | None = None,
    separated: bool | None = None,
    joint: bool | None = None,
    street: bool = False,
    call: Call | None = None,
    opening: bool = False,
) -> Transition:
    return Transition(
        to,
        frozenset(parties),
        required,
        optional,
        frozenset(triggers),
        extension,
        separated,
        joint,
        street,
        call,
        opening,
    )


def _separating(
    state: CaseState, parties: set[Party], *triggers: Trigger
) -> dict[_Key, Transition]:
    """Both ways, in one state: it stays as it is; a callback that was due is due again."""
    again = (*triggers, Trigger.SURVEY) if state is CaseState.CLOSED else triggers
    why = (Field.MATTER, Field.REASON)
    return {
        (state, Step.SEPARATED): _row(state, parties, why, (), triggers, separated=False),
        (state, Step.REJOINED): _row(state, parties, (Field.REASON,), (), again, separated=True),
    }


# fmt: off
TABLE: Mapping[_Key, Transition] = {
    (None, _D.REGISTERED): _row(_S.REGISTERED, {*_DESK, Party.INTEGRATION}, opening=True),

    (_S.REGISTERED, _D.ANSWERED_AT_ONCE):
        _row(_S.CLOSED, _DESK, (_F.RESULT,), (), (_T.SURVEY,), opening=True),
    (_S.REGISTERED, _D.CLOSED): _row(_S.CLOSED, _DESK, (_F.RESULT,), (), (_T.SURVEY,)),
    (_S.REGISTERED, _D.DISPATCHED):
        _row(_S.DISPATCHED, _DESK, (_F.DEPARTMENT,), (*_WHERE, _F.NOTE), (_T.NOTICE,)),
    (_S.REGISTERED, _D.MERGED_INTO): _row(_S.MERGED, _DESK, (_F.TARGET,), (_F.NOTE,)),
    (_S.REGISTERED, _D.WITHDRAWN): _row(_S.WITHDRAWN, _DESK, (_REASON,)),
    (_S.REGISTERED, _D.NOTED): _row(_S.REGISTERED, _HANDS, (_F.NOTE,)),

    (_S.DISPATCHED, _D.ACCEPTED): _row(_S.ACCEPTED, {_LEAD}),
    (_S.DISPATCHED, _D.RETURN_ASKED): _row(_S.RETURN_ASKED, {_LEAD}, (_REASON,)),
    (_S.DISPATCHED, _D.REDISPATCHED):
        _row(_S.DISPATCHED, {_CHIEF}, (_F.DEPARTMENT, _REASON), _WHERE, (_T.NOTICE,)),
    (_S.DISPATCHED, _D.SUPERVISED): _row(_S.DISPATCHED, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.DISPATCHED, _D.MERGED_INTO):
        _row(_S.MERGED, {_CHIEF}, (_F.TARGET,), (_F.NOTE,), (_T.NOTICE,)),
    (_S.DISPATCHED, _D.WITHDRAWN): _row(_S.WITHDRAWN, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.DISPATCHED, _D.TAKEN_BACK):
        _row(_S.ACCEPTED, {_RESPONSIBLE}, (_REASON,), (), (_T.NOTICE,)),
    (_S.DISPATCHED, _D.NOTED): _row(_S.DISPATCHED, _HANDS, (_F.NOTE,)),

    (_S.ACCEPTED, _D.BEGUN): _row(_S.HANDLING, {_LEAD}, (), (_F.NOTE,)),
    (_S.ACCEPTED, _D.REPLIED): _row(_S.REPLIED, {_LEAD}, (_F.RESULT,), joint=False),
    (_S.ACCEPTED, _D.RETURN_ASKED): _row(_S.RETURN_ASKED, {_LEAD}, (_REASON,)),
    (_S.ACCEPTED, _D.EXTENSION_ASKED):
        _row(_S.ACCEPTED, {_LEAD}, (_F.DAYS, _REASON), extension=False),
    (_S.ACCEPTED, _D.EXTENSION_GRANTED):
        _row(_S.ACCEPTED, {_CHIEF}, (_F.DAYS,), (_F.NOTE,), (_T.NOTICE,), extension=True),
    (_S.ACCEPTED, _D.EXTENSION_REFUSED):
        _row(_S.ACCEPTED, {_CHIEF}, (_REASON,), (), (_T.NOTICE,), extension=True),
    (_S.ACCEPTED, _D.REDISPATCHED):
        _row(_S.DISPATCHED, {_CHIEF}, (_F.DEPARTMENT, _REASON), _WHERE, (_T.NOTICE,)),
    (_S.ACCEPTED, _D.SUPERVISED): _row(_S.ACCEPTED, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.ACCEPTED, _D.MERGED_INTO):
        _row(_S.MERGED, {_CHIEF}, (_F.TARGET,), (_F.NOTE,), (_T.NOTICE,)),
    (_S.ACCEPTED, _D.WITHDRAWN): _row(_S.WITHDRAWN, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.ACCEPTED, _D.WHISTLED):
        _row(_S.ACCEPTED, {_LEAD}, _WHISTLE, (), (_T.NOTICE,), joint=False, street=True),
    (_S.ACCEPTED, _D.REPORTED_IN):
        _row(_S.ACCEPTED, {_HELPING}, (), (_F.NOTE,), (_T.NOTICE,), joint=True, call=Call.CALLED),
    (_S.ACCEPTED, _D.CONTRIBUTED):
        _row(_S.ACCEPTED, {_HELPING}, (_F.CONTRIBUTION,), (), (_T.NOTICE,),
            joint=True, call=Call.REPORTED),
    (_S.ACCEPTED, _D.JOINT_ENDED):
        _row(_S.ACCEPTED, {_LEAD, _CHIEF}, (_REASON,), (), (_T.NOTICE,), joint=True),
    (_S.ACCEPTED, _D.PASSED_DOWN):
        _row(_S.DISPATCHED, {_LEAD}, (_F.DEPARTMENT,), (_F.NOTE,), (_T.NOTICE,), joint=False),
    (_S.ACCEPTED, _D.TAKEN_BACK):
        _row(_S.ACCEPTED, {_RESPONSIBLE}, (_REASON,), (), (_T.NOTICE,)),
    (_S.ACCEPTED, _D.NOTED): _row(_S.ACCEPTED, _HANDS, (_F.NOTE,)),

    (_S.HANDLING, _D.REPLIED): _row(_S.REPLIED, {_LEAD}, (_F.RESULT,), joint=False),
    (_S.HANDLING, _D.EXTENSION_ASKED):
        _row(_S.HANDLING, {_LEAD}, (_F.DAYS, _REASON), extension=False),
    (_S.HANDLING, _D.EXTENSION_GRANTED):
        _row(_S.HANDLING, {_CHIEF}, (_F.DAYS,), (_F.NOTE,), (_T.NOTICE,), extension=True),
    (_S.HANDLING, _D.EXTENSION_REFUSED):
        _row(_S.HANDLING, {_CHIEF}, (_REASON,), (), (_T.NOTICE,), extension=True),
    (_S.HANDLING, _D.REDISPATCHED):
        _row(_S.DISPATCHED, {_CHIEF}, (_F.DEPARTMENT, _REASON), _WHERE, (_T.NOTICE,)),
    (_S.HANDLING, _D.SUPERVISED): _row(_S.HANDLING, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.HANDLING, _D.MERGED_INTO):
        _row(_S.MERGED, {_CHIEF}, (_F.TARGET,), (_F.NOTE,), (_T.NOTICE,)),
    (_S.HANDLING, _D.WITHDRAWN): _row(_S.WITHDRAWN, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.HANDLING, _D.WHISTLED):
        _row(_S.HANDLING, {_LEAD}, _WHISTLE, (), (_T.NOTICE,), joint=False, street=True),
    (_S.HANDLING, _D.REPORTED_IN):
        _row(_S.HANDLING, {_HELPING}, (), (_F.NOTE,), (_T.NOTICE,), joint=True, call=Call.CALLED),
    (_S.HANDLING, _D.CONTRIBUTED):
        _row(_S.HANDLING, {_HELPING}, (_F.CONTRIBUTION,), (), (_T.NOTICE,),
            joint=True, call=Call.REPORTED),
    (_S.HANDLING, _D.JOINT_ENDED):
        _row(_S.HANDLING, {_LEAD, _CHIEF}, (_REASON,), (), (_T.NOTICE,), joint=True),
    (_S.HANDLING, _D.PASSED_DOWN):
        _row(_S.DISPATCHED, {_LEAD}, (_F.DEPARTMENT,), (_F.NOTE,), (_T.NOTICE,), joint=False),
    (_S.HANDLING, _D.TAKEN_BACK):
        _row(_S.ACCEPTED, {_RESPONSIBLE}, (_REASON,), (), (_T.NOTICE,)),
    (_S.HANDLING, _D.NOTED): _row(_S.HANDLING, _HANDS, (_F.NOTE,)),

    (_S.REPLIED, _D.REVIEW_PASSED):
        _row(_S.CLOSED, {_CHIEF}, (), (_F.RESULT,), (_T.SURVEY, _T.NOTICE)),
    (_S.REPLIED, _D.REVIEW_REFUSED): _row(_S.HANDLING, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.REPLIED, _D.NOTED): _row(_S.REPLIED, _HANDS, (_F.NOTE,)),

    (_S.RETURN_ASKED, _D.RETURN_GRANTED):
        _row(_S.REGISTERED, {_CHIEF}, (), (_F.NOTE,), (_T.NOTICE,)),
    (_S.RETURN_ASKED, _D.RETURN_REFUSED):
        _row(_S.DISPATCHED, {_CHIEF}, (_REASON,), (), (_T.NOTICE,)),
    (_S.RETURN_ASKED, _D.NOTED): _row(_S.RETURN_ASKED, _HANDS, (_F.NOTE,)),

    (_S.CLOSED, _D.REOPENED):
        _row(_S.DISPATCHED, {_CHIEF}, (_F.DEPARTMENT, _REASON), _WHERE, (_T.NOTICE,)),
    (_S.CLOSED, _D.NOTED): _row(_S.CLOSED, _HANDS, (_F.NOTE,)),

    **_separating(_S.REGISTERED, _DESK),
    **_separating(_S.DISPATCHED, {_CHIEF}, _T.NOTICE),
    **_separating(_S.ACCEPTED, {_CHIEF}, _T.NOTICE),
    **_separating(_S.HANDLING, {_CHIEF}, _T.NOTICE),
    **_separating(_S.REPLIED, {_CHIEF}, _T.NOTICE),
    **_separating(_S.RETURN_ASKED, {_CHIEF}, _T.NOTICE),
    **_separating(_S.CLOSED, {_CHIEF}, _T.NOTICE),
}
# fmt: on
"""By (state before, step); `None` is the state before there is a case."""

ONGOING = (_S.ACCEPTED, _S.HANDLING)
"""The states in which the lead department works on a case, alone or jointly."""

ENDED = frozenset({_S.CLOSED, _S.WITHDRAWN, _S.MERGED})
"""The states in which nothing is left to do."""

INBOX: Mapping[Party, tuple[CaseState, ...]] = {
    Party.AGENT: (_S.REGISTERED,),
    Party.SUPERVISOR: (_S.REGISTERED, _S.REPLIED, _S.RETURN_ASKED),
    Party.LEAD: (_S.DISPATCHED, _S.ACCEPTED, _S.HANDLING),
}
"""The states in which it is somebody's turn (待办)."""

"""Chinese words of states, steps and fields, as sentences to people use them."""

from collections.abc import Mapping

from ticketing.lifecycle import CaseState, Field, Matter, Step

STATES: Mapping[CaseState, str] = {
    CaseState.REGISTERED: "已登记",
    CaseState.DISPATCHED: "待签收",
    CaseState.ACCEPTED: "已签收",
    CaseState.HANDLING: "办理中",
    CaseState.REPLIED: "待审核",
    CaseState.RETURN_ASKED: "退单待审",
    CaseState.CLOSED: "已办结",
    CaseState.WITHDRAWN: "已撤回",
    CaseState.MERGED: "已并单",
}

STEPS: Mapping[Step, str] = {
    Step.REGISTERED: "登记",
    Step.ANSWERED_AT_ONCE: "即时答复",
    Step.DISPATCHED: "派发",
    Step.ACCEPTED: "签收",
    Step.BEGUN: "开始办理",
    Step.REPLIED: "提交答复",
    Step.REVIEW_PASSED: "审核通过",
    Step.REVIEW_REFUSED: "审核退回",
    Step.RETURN_ASKED: "申请退单",
    Step.RETURN_GRANTED: "同意退单",
    Step.RETURN_REFUSED: "驳回退单",
    Step.REDISPATCHED: "改派",
    Step.EXTENSION_ASKED: "申请延期",
    Step.EXTENSION_GRANTED: "同意延期",
    Step.EXTENSION_REFUSED: "驳回延期",
    Step.SUPERVISED: "督办",
    Step.WITHDRAWN: "撤回",
    Step.MERGED_INTO: "并单",
    Step.REOPENED: "重办",
    Step.NOTED: "备注",
    Step.CLOSED: "办结",
    Step.SEPARATED: "诉访分离",
    Step.REJOINED: "撤销诉访分离",
    Step.CALLBACK_SKIPPED: "不回访",
}

FIELDS: Mapping[Field, str] = {
    Field.REASON: "理由",
    Field.RESULT: "办理结果",
    Field.NOTE: "备注",
    Field.DEPARTMENT: "主办部门",
    Field.ASSISTING: "协办部门",
    Field.CATEGORY: "分类",
    Field.TARGET: "目标工单",
    Field.DAYS: "延期天数",
    Field.MATTER: "分离事项",
}

MATTERS: Mapping[Matter, str] = {
    Matter.LITIGATION: "诉讼",
    Matter.ARBITRATION: "仲裁",
    Matter.REVIEW: "行政复议",
}

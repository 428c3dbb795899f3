/** Chinese words for the codes of the API; a code without a word is shown as it is. */
import type { Allowance, CaseClock, ClockUnit, Light, Urgency } from './caseClocks'
import type { CaseKind, CaseSource, CaseState, StepField } from './cases'
import type { LineMode } from './lines'
import type { Ringback, RingbackState } from './ringbacks'
import type { SeatState } from './seats'
import type { Role } from './session'
import type { DepartmentLevel } from './trees'

export const ROLE: Record<Role, string> = {
  agent: '坐席',
  supervisor: '值班长',
  administrator: '系统管理员',
  department: '承办单位',
}

export const SEAT_STATE: Record<SeatState, string> = {
  ready: '就绪',
  ringing: '振铃',
  talking: '通话',
  hold: '保持',
  wrap_up: '话后处理',
  not_ready: '示忙',
  unreachable: '话机离线',
  logged_out: '未签入',
}

export const CASE_KIND: Record<CaseKind, string> = {
  consultation: '咨询',
  help: '求助',
  complaint: '投诉',
  report: '举报',
  suggestion: '建议',
  praise: '表扬',
}

export const CASE_SOURCE: Record<CaseSource, string> = {
  phone: '电话',
  web: '网站',
  letter: '来信',
  visit: '来访',
  app: '移动应用',
}

export const CASE_STATE: Record<CaseState, string> = {
  registered: '已登记',
  dispatched: '待签收',
  accepted: '已签收',
  handling: '办理中',
  replied: '待审核',
  return_asked: '退单待审',
  closed: '已办结',
  withdrawn: '已撤回',
  merged: '已并单',
}

export const LEVEL: Record<DepartmentLevel, string> = {
  city: '市',
  district: '区县',
  street: '街道镇',
  community: '社区村',
}

export const URGENCY: Record<Urgency, string> = {
  ordinary: '一般',
  complex: '疑难',
  urgent: '紧急',
  critical: '特急',
}

export const CLOCK_KIND: Record<CaseClock['kind'] | 'joint', string> = {
  signing: '签收',
  closing: '办结',
  joint: '联办',
}

export const CLOCK_UNIT: Record<ClockUnit, string> = {
  working_days: '个工作日',
  working_hours: '个工作小时',
  hours: '小时',
}

export const LIGHT: Record<Light, string> = {
  red: '超期',
  yellow: '临期',
  green: '正常',
  paused: '暂停计时',
  undated: '期限待定',
}

export const allowanceWord = ({ amount, unit }: Allowance) => `${amount} ${CLOCK_UNIT[unit]}`

export const LINE_MODE: Record<LineMode | 'undefined', string> = {
  main: '热线主号',
  cancelled: '已取消号码',
  kept: '保留号码',
  dual: '双号并行',
  undefined: '未登记线路',
}

/** What each mode of a line means, for who defines one. */
export const LINE_MODE_MEANS: Record<LineMode, string> = {
  main: '热线本身的号码',
  cancelled: '号码已取消，仍打来的由热线接听',
  kept: '号码保留，与热线统一接听',
  dual: '两个号码并行，联合督办',
}

const OUTCOME: Record<string, string> = {
  answered: '已接通',
  self_served: '自助查询',
  abandoned_greeting: '欢迎语中放弃',
  abandoned_queue: '排队中放弃',
  abandoned_ringing: '振铃中放弃',
  timed_out: '排队超时',
  refused_full: '队列已满',
  refused_no_staff: '无坐席值守',
  left_no_staff: '坐席全部离开',
  switch_restart: '交换机重启',
}

const HISTORY_STEP: Record<string, string> = {
  registered: '登记',
  answered_at_once: '即时答复',
  dispatched: '派发',
  accepted: '签收',
  begun: '开始办理',
  replied: '提交答复',
  review_passed: '审核通过',
  review_refused: '审核退回',
  return_asked: '申请退单',
  return_granted: '同意退单',
  return_refused: '驳回退单',
  redispatched: '改派',
  extension_asked: '申请延期',
  extension_granted: '同意延期',
  extension_refused: '驳回延期',
  supervised: '督办',
  withdrawn: '撤回',
  merged_into: '并单',
  reopened: '重办',
  whistled: '吹哨',
  reported_in: '报到',
  contributed: '提交协办结果',
  joint_ended: '结束联办',
  passed_down: '转派下级',
  taken_back: '收回',
  noted: '备注',
  closed: '办结',
  imported: '导入',
  separated: '诉访分离',
  rejoined: '撤销诉访分离',
  callback_skipped: '不回访',
}

export const STEP_FIELD: Record<StepField, string> = {
  reason: '理由',
  result: '办理结果',
  note: '备注',
  department: '主办部门',
  assisting: '协办部门',
  category: '分类',
  target: '目标工单',
  days: '工作日数',
  hours: '报到小时数',
  contribution: '协办结果',
  matter: '分离事项',
}

const RATING: Record<string, string> = {
  satisfied: '满意',
  basically_satisfied: '基本满意',
  dissatisfied: '不满意',
}

const ATTEMPT_STATE: Record<string, string> = {
  claimed: '待拨',
  dialling: '拨号中',
  in_survey: '回访中',
  ended: '已结束',
}

const ATTEMPT_OUTCOME: Record<string, string> = {
  completed: '完成',
  incomplete: '未答完',
  no_input: '接听未按键',
  busy: '占线',
  no_answer: '无人接听',
  congestion: '线路忙',
  rejected: '交换机拒绝',
  unknown: '结果不明',
  not_dialled: '未拨出',
}

export const SURVEY_QUESTION = {
  contacted: '是否联系',
  solved: '是否解决',
  satisfied: '是否满意',
} as const

const SURVEY_ANSWER: Record<string, string> = { yes: '是', no: '否', ...RATING }

export const RINGBACK_STATE: Record<RingbackState, string> = {
  open: '待回拨',
  in_hand: '回拨中',
  reached: '已接通',
  dropped: '已撤销',
  given_up: '多次未接通',
  expired: '已过期',
}

export const DROPPED_BECAUSE: Record<Ringback['reason'], string> = {
  '': '',
  got_through: '来电人已自行接通',
  by_supervisor: '值班长撤销',
  corrected: '话单已更正，并未漏接',
}

const RINGBACK_OUTCOME: Record<string, string> = {
  answered: '已接通',
  busy: '占线',
  no_answer: '无人接听',
  congestion: '线路忙或空号',
  cancelled: '坐席挂断',
  unknown: '结果不明',
  agent_absent: '坐席话机未接',
  overtaken: '已取消，未拨出',
  not_dialled: '未拨出',
}

const word = (words: Record<string, string>) => (code: string) => words[code] ?? code

export const outcomeWord = word(OUTCOME)
export const stepWord = word(HISTORY_STEP)
export const ratingWord = word(RATING)
export const attemptStateWord = word(ATTEMPT_STATE)
export const attemptOutcomeWord = word(ATTEMPT_OUTCOME)
export const ringbackOutcomeWord = word(RINGBACK_OUTCOME)
export const answerWord = word(SURVEY_ANSWER)
export const caseKindWord = word(CASE_KIND)
export const caseStateWord = word(CASE_STATE)

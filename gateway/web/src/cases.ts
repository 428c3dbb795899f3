/** Cases (工单): shapes and requests. */
import type { CaseClock, Light, Urgency } from './caseClocks'
import type { ExclusionReason, Matter } from './citizens'
import type { Named } from './trees'
import { id, query, request } from './request'

export type CaseKind = 'consultation' | 'help' | 'complaint' | 'report' | 'suggestion' | 'praise'

export type CaseState =
  | 'registered'
  | 'dispatched'
  | 'accepted'
  | 'handling'
  | 'replied'
  | 'return_asked'
  | 'closed'
  | 'withdrawn'
  | 'merged'

/** What a step may carry; which of them is told with the case. */
export type StepField =
  | 'reason'
  | 'result'
  | 'note'
  | 'department'
  | 'assisting'
  | 'category'
  | 'target'
  | 'days'
  | 'hours'
  | 'contribution'
  | 'matter'

/** A step that may be taken now. */
export interface AllowedStep {
  step: string
  required: StepField[]
  optional: StepField[]
}

export type StepValues = Partial<Record<StepField, string | number | string[]>>

/** Whose cases are listed. */
export type CaseScope = 'all' | 'mine' | 'inbox'

/** Empty: not filtered by that. */
export interface CaseFilter {
  scope?: CaseScope
  state?: string
  category?: string
  department?: string
  /** Not together with a light. */
  source?: string
  /** Instants of registration: from the first on, before the second. */
  opened_from?: string
  opened_to?: string
  /** Sorted by deadline then, and gone on with `after`, else by registration, with `before`. */
  light?: string
  limit: number
  before?: string
  after?: string
}

/** A case where only its outline is given. */
export interface CaseOutline {
  case_no: string
  title: string
  kind: CaseKind
  state: CaseState
  opened_at: string
}

/** How a case came. */
export type CaseSource = 'phone' | 'web' | 'letter' | 'visit' | 'app'

export interface CaseRow extends CaseOutline {
  source: CaseSource
  call_id: string | null
  caller: string
  address: string
  confidential: boolean
  /** Of a separated case (诉访分离). */
  matter: Matter | null
  category: Named | null
  /** The department in charge. */
  lead: Named | null
  answered_at_once: boolean
  opened_by: string
  closed_at: string | null
  /** Running ones first, and of these the most pressing one. */
  clocks: CaseClock[]
}

export interface HistoryEntry {
  at: string
  actor: string
  step: string
  note: string
  version: number
  from_state: CaseState | null
  to_state: CaseState
  from_department: Named | null
  to_department: Named | null
  days: number | null
  /** Number of the other case of a merge. */
  other_case: string | null
  /** What it was separated as. */
  matter: Matter | null
}

export interface Rating {
  scale: string
  answer: string
  given_at: string
}

export interface SurveyAttempt {
  attempt_no: number
  state: string
  outcome: string | null
  claimed_at: string
  ended_at: string | null
  answers: Record<string, string>
}

/** Departments that a street has called in for one case. */
export interface Joint {
  joint_id: number
  case_no: string
  title: string
  caller: Named
  called_at: string
  report_by: string
  days: number
  /** Null while the calendar of its year is missing. */
  deadline: string | null
  light: Light | null
  late: boolean
  ended_at: string | null
  calls: {
    department: Named
    reported_at: string | null
    contributed_at: string | null
    contribution: string
  }[]
}

export interface Case extends CaseRow {
  body: string
  result: string
  version: number
  assisting: Named[]
  /** The department that received it first and passed it down. */
  responsible: Named | null
  /** Asked for and not decided yet. */
  extension_days: number | null
  merged_into: string | null
  /** Of an earlier case (后续工单), and of those that follow this one up, the newest first. */
  follows: string | null
  followed_by: string[]
  allowed: AllowedStep[]
  /** The newest first. */
  joints: Joint[]
  history: HistoryEntry[]
  rating: Rating | null
  survey: SurveyAttempt[]
  conferences: Conference[]
  /** Why it does not count in satisfaction figures; null: it does. */
  excluded: ExclusionReason | null
  /** The call it followed from, if that was recorded. */
  may_hear: boolean
}

/** The call was one of three (三方通话): `agent` brought in who was called at `number`. */
export interface Conference {
  at: string
  agent: string
  number: string
}

export interface NewCase {
  call_id?: string
  /** Of one without a call: how it came, and the number to call back at. */
  source?: CaseSource
  contact?: string
  kind: CaseKind
  title: string
  body: string
  address: string
  confidential: boolean
  urgency: Urgency
  result?: string
  category?: string
  department?: string
  /** The dispatch suggestion that the form showed. */
  suggestion?: number
  /** Of the knowledge base, by id: with which the caller was answered. */
  articles?: number[]
  matter?: Matter
  /** The earlier case that it follows up. */
  follows?: string
}

export const caseApi = {
  list: (filter: CaseFilter) => request<CaseRow[]>('GET', `/cases${query({ ...filter })}`),
  one: (caseNo: string) => request<Case>('GET', `/cases/${id(caseNo)}`),
  open: (newCase: NewCase) => request<Case>('POST', '/cases', newCase),
  inbox: () => request<{ counts: Partial<Record<CaseState, number>> }>('GET', '/inbox'),
  takeStep: (caseNo: string, step: string, version: number, values: StepValues) =>
    request<Case>('POST', `/cases/${id(caseNo)}/steps`, { step, version, ...values }),
  close: (caseNo: string, result: string, version: number) =>
    request<Case>('POST', `/cases/${id(caseNo)}/close`, { result, version }),
}

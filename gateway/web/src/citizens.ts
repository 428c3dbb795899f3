/** Citizens known by number, nuisance marks, what does not count, numbers in full, the audit log. */
import type { Call } from './calls'
import type { CaseOutline } from './cases'
import { query, request } from './request'

/** What is separated from case work (诉访分离). */
export type Matter = 'litigation' | 'arbitration' | 'review'
export type ExclusionReason = 'separated' | 'nuisance'

export const MATTER: Record<Matter, string> = {
  litigation: '诉讼',
  arbitration: '仲裁',
  review: '行政复议',
}

export const EXCLUSION_REASON: Record<ExclusionReason, string> = {
  separated: '诉访分离',
  nuisance: '骚扰标记',
}

export const EXCLUSION_WHAT: Record<Exclusion['what'], string> = {
  rating: '通话评价',
  answer: '回访答复',
  callback: '未作回访',
}

export type MarkKind = 'malicious' | 'repeated'
export type MarkState = 'proposed' | 'approved' | 'refused' | 'lifted'

export const MARK_KIND: Record<MarkKind, string> = { malicious: '恶意骚扰', repeated: '重复无效来电' }

/** What is kept of a citizen; version 0: nothing. */
export interface Card {
  name: string
  address: string
  notes: string
  version: number
  changed_by: string | null
  changed_at: string | null
}

export type CardText = Pick<Card, 'name' | 'address' | 'notes' | 'version'>

/** GET /calls/{call_id}/caller, /cases/{case_no}/caller */
export interface CallerHistory {
  caller: string
  /** Where the number was given out (归属地). */
  home_area: string | null
  repeat_calls_24h: number
  calls_in_window: number
  window_days: number
  repeat_caller: boolean
  open_cases: number
  nuisance: { mark_id: number; kind: MarkKind; state: MarkState; ends_at: string | null } | null
  /** Null for who does not work with citizens, and without a number. */
  card: Card | null
  past_calls: Call[]
  cases: CaseOutline[]
}

export interface NuisanceMark {
  mark_id: number
  number: string
  kind: MarkKind
  reason: string
  state: MarkState
  in_force: boolean
  proposed_by: string
  proposed_at: string
  decided_by: string | null
  decided_at: string | null
  decision: string
  /** When it expires; of a lifted one, when it was lifted. */
  ends_at: string | null
  lifted_by: string | null
  lift_reason: string
  mistaken: boolean
  may_decide: boolean
  calls: { call_id: string; arrived_at: string | null; outcome: string | null; talk_s: number }[]
}

/** A rating, an answer or a callback that does not count. */
export interface Exclusion {
  exclusion_id: number
  made_at: string
  what: 'rating' | 'answer' | 'callback'
  reason: ExclusionReason
  mark_id: number | null
  matter: Matter | null
  case_no: string | null
  call_id: string | null
  caller: string
  subject: string
  answer: string
  given_at: string
  counted_again_at: string | null
}

export interface AuditRow {
  audit_id: number
  at: string
  actor: string
  action: string
  subject: string
  detail: Record<string, unknown>
}

/** By which call or case a citizen is named: `calls/…` or `cases/…`; his number is in no address. */
export type Subject = `calls/${string}` | `cases/${string}`

export const citizens = {
  history: (of: Subject) => request<CallerHistory>('GET', `/${of}/caller`),
  keep: (of: Subject, card: CardText) => request<Card>('PUT', `/${of}/citizen`, card),
  erase: (of: Subject) => request<void>('DELETE', `/${of}/citizen`),
  reveal: (of: Subject, reason: string) =>
    request<{ number: string; shown_s: number }>('POST', `/${of}/reveal`, { reason }),
  propose: (of: Subject, mark: { kind: MarkKind; reason: string; calls: readonly string[] }) =>
    request<NuisanceMark>('POST', `/${of}/nuisance`, mark),
  marks: (asked: { state: string; limit: number; before: string }) =>
    request<NuisanceMark[]>('GET', `/nuisance-marks${query(asked)}`),
  approve: (markId: number, days: number, note: string) =>
    request<NuisanceMark>('POST', `/nuisance-marks/${markId}/approve`, { days, note }),
  refuse: (markId: number, reason: string) =>
    request<NuisanceMark>('POST', `/nuisance-marks/${markId}/refuse`, { reason }),
  lift: (markId: number, reason: string, mistaken: boolean) =>
    request<NuisanceMark>('POST', `/nuisance-marks/${markId}/lift`, { reason, mistaken }),
  exclusions: (asked: { reason: string; mark: string; limit: number; before: string }) =>
    request<Exclusion[]>('GET', `/exclusions${query(asked)}`),
  audit: (asked: Record<string, string | number>) =>
    request<AuditRow[]>('GET', `/audit${query(asked)}`),
  auditActions: () => request<string[]>('GET', '/audit/actions'),
}

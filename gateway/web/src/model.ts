/** Shapes of the JSON API and of the live events. Times are ISO-8601 in UTC, durations seconds. */
import type { ExclusionReason, Matter } from './citizens'

export type Role = 'agent' | 'supervisor' | 'administrator' | 'department'

export interface Session {
  login: string
  display_name: string
  role: Role
  agent: string | null
  extension: string | null
  /** Where the telephone of the seat is. */
  switchboard: string
  /** Code of the department that handles cases, of its people. */
  department: string | null
}

/** A department or a category as far as a case names it. */
export interface Named {
  code: string
  name: string
}

export type DepartmentLevel = 'city' | 'district' | 'street' | 'community'

/** GET /departments, from the top down */
export interface Department extends Named {
  level: DepartmentLevel
  parent: string | null
  active: boolean
}

/** GET /categories, classes first */
export interface Category extends Named {
  parent: string | null
  /** Whom cases of it are dispatched to unless told otherwise. */
  department: string | null
  closed: boolean
}

export type NewDepartment = Omit<Department, 'active'>
export type DepartmentTerms = Pick<Department, 'name' | 'parent' | 'active'>
export type NewCategory = Omit<Category, 'closed'>
export type CategoryTerms = Omit<Category, 'code'>

/** How a line belongs to the merged hotline. */
export type LineMode = 'main' | 'cancelled' | 'kept' | 'dual'

/** GET /lines */
export interface Line {
  number: string
  name: string
  mode: LineMode
  department: string
  district: string
}

/** What a line is, apart from its number. */
export type LineTerms = Omit<Line, 'number'>

/** GET /lines/changes: `before` is null of a new line, `after` of one removed. */
export interface LineChange {
  change_id: number
  number: string
  at: string
  actor: string
  before: Line | null
  after: Line | null
}

export type SeatState =
  | 'logged_out'
  | 'ready'
  | 'ringing'
  | 'talking'
  | 'hold'
  | 'wrap_up'
  | 'not_ready'
  | 'unreachable'

/** What an agent may ask for; every other state comes from the switchboard. */
export type SeatCommand = 'ready' | 'not_ready' | 'logged_out'

export interface Seat {
  switchboard: string
  agent: string
  /** The agent's own phone. */
  extension: string | null
  /** The phones he is signed in at. */
  extensions: string[]
  state: SeatState
  reason: string
  queues: string[]
  /** Null before the seat was ever seen. */
  since: string | null
  call_id: string | null
}

/** What can be chosen at a seat. */
export interface SeatChoices {
  reasons: string[]
  queues: string[]
  wrap_up_prolong_s: number
}

/** GET /seats: with the name of its agent, empty for a number that no user has. */
export interface NamedSeat extends Seat {
  display_name: string
}

/** GET /seats/{agent}/queues: none assigned stands for all. */
export interface SeatQueues {
  assigned: string[]
  queues: string[]
  logged_in: string[]
}

export type FiguresStep = 'whole' | 'day' | 'hour'

/** GET /seats/figures: seconds of a seat in a period. */
export interface SeatPeriod {
  switchboard: string
  agent: string
  display_name: string
  start: string
  end: string
  ready_s: number
  ringing_s: number
  talking_s: number
  hold_s: number
  wrap_up_s: number
  not_ready_s: number
  /** The reason is empty where none was given. */
  not_ready_by_reason: Record<string, number>
  unreachable_s: number
  busy_s: number
  logged_in_s: number
  occupancy: Rate
  seat_utilization: Rate
}

/** What an agent may do to his call. */
export type CallCommand =
  | 'hangup'
  | 'transfer'
  | 'consult'
  | 'consult/complete'
  | 'consult/cancel'
  | 'conference'

/** What a supervisor may do to the conversation of a seat. */
export type SeatAct = 'listen' | 'whisper' | 'barge' | 'take-over' | 'hangup'

/** Where a caller is passed on to. */
export type Destination = { agent: string } | { queue: string } | { number: string }

/** A number, or the caller of a call. */
export type Dialling = { number: string } | { call_id: string }

export interface Colleague {
  agent: string
  display_name: string
  extension: string
  state: SeatState
}

/** GET /directory */
export interface Directory {
  colleagues: Colleague[]
  queues: string[]
}

export interface AgentPart {
  agent: string
  answered_at: string
  released_at: string | null
  talk_s: number
  hold_s: number
}

export interface Call {
  call_id: string
  switchboard: string
  line: string
  /** When the call arrived; null of a line that nobody had defined. */
  line_mode: LineMode | null
  district: string
  caller: string
  queue: string | null
  agent: string | null
  outcome: string | null
  arrived_at: string
  offered_at: string | null
  answered_at: string | null
  ended_at: string | null
  wait_s: number | null
  talk_s: number
  hold_s: number
  agents: AgentPart[]
}

/** GET /calls/{call_id} */
export interface CallDetail extends Call {
  case_no: string | null
}

export interface CallEventData extends Call {
  detail: string
}

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
  /** Instants of registration: from the first on, before the second. */
  opened_from?: string
  opened_to?: string
  /** Sorted by deadline then, and gone on with `after`, else by registration, with `before`. */
  light?: string
  limit: number
  before?: string
  after?: string
}

export type Urgency = 'critical' | 'urgent' | 'ordinary' | 'complex'
export type ClockUnit = 'working_days' | 'working_hours' | 'hours'
export type Light = 'green' | 'yellow' | 'red' | 'paused' | 'undated'

/** How long something may take. */
export interface Allowance {
  amount: number
  unit: ClockUnit
}

/** A clock of a case; `light` and what is left (negative when late) are of one that runs. */
export interface CaseClock {
  kind: 'signing' | 'closing'
  category: string | null
  urgency: Urgency
  rule_version: number
  allowed: Allowance
  extensions: number
  started_at: string
  /** Null while the calendar of its year is missing. */
  deadline: string | null
  paused_at: string | null
  stopped_at: string | null
  light: Light | null
  left_s: number | null
  /** The same in working days, of a clock in working time. */
  left_days: number | null
  late: boolean
}

/** A version of a rule; `category` null: for every category without one of its own. */
export interface ClockRule {
  category: string | null
  urgency: Urgency
  version: number
  sign: Allowance
  close: Allowance
  withdrawn: boolean
  made_at: string
  made_by: string
}

export interface CalendarDay {
  day: string
  working: boolean
  name: string
  /** Null for a day of the national arrangement. */
  set_by: string | null
}

/** GET /calendar/{year} */
export interface CalendarYear {
  year: number
  known: boolean
  national: boolean
  declared: boolean
  hours: string
  working_days: number | null
  days: CalendarDay[]
}

/** A case where only its outline is given. */
export interface CaseOutline {
  case_no: string
  title: string
  kind: CaseKind
  state: CaseState
  opened_at: string
}

export interface CaseRow extends CaseOutline {
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

export interface Case extends CaseRow {
  body: string
  result: string
  version: number
  assisting: Named[]
  /** Asked for and not decided yet. */
  extension_days: number | null
  merged_into: string | null
  allowed: AllowedStep[]
  history: HistoryEntry[]
  rating: Rating | null
  survey: SurveyAttempt[]
  conferences: Conference[]
  /** Why it does not count in satisfaction figures; null: it does. */
  excluded: ExclusionReason | null
}

/** The call was one of three (三方通话): `agent` brought in who was called at `number`. */
export interface Conference {
  at: string
  agent: string
  number: string
}

export interface NewCase {
  call_id: string
  kind: CaseKind
  title: string
  body: string
  address: string
  confidential: boolean
  urgency: Urgency
  result?: string
  category?: string
  department?: string
  /** Of the knowledge base, by id: with which the caller was answered. */
  articles?: number[]
  matter?: Matter
}

export type RingbackState = 'open' | 'in_hand' | 'reached' | 'dropped' | 'given_up' | 'expired'

/** A citizen to be called back, or who was. */
export interface Ringback {
  task_id: number
  switchboard: string
  number: string
  line: string
  state: RingbackState
  reason: '' | 'got_through' | 'by_supervisor' | 'corrected'
  missed_calls: number
  first_missed_at: string
  last_missed_at: string
  last_call_id: string
  attempts: number
  due_at: string
  expires_at: string
  agent: string | null
  closed_at: string | null
}

/** GET /ringbacks/{task_id} */
export interface RingbackDetail extends Ringback {
  tries: { agent: string; outcome: string | null; claimed_at: string }[]
  drops: { at: string; by: string; reason: string }[]
}

export interface Rate {
  numerator: number
  denominator: number
  rate: number | null
}

export interface Figures {
  arrived: number
  offered: number
  answered: number
  answered_15s: number
  short_abandoned: number
  abandoned_greeting: number
  abandoned_queue: number
  abandoned_ringing: number
  timed_out: number
  refused: number
  left_no_staff: number
  interrupted: number
  asa_s: number | null
  connection_rate: Rate
  connection_rate_without_short_abandons: Rate
  rate_15s_of_offered: Rate
  rate_15s_of_answered: Rate
  abandonment: Rate
  occupancy?: Rate
  seat_utilization?: Rate
}

export interface BoardSeat {
  switchboard: string
  agent: string
  display_name: string
  state: SeatState
  reason: string
  queues: string[]
  since: string | null
}

/** Calls of one line, mode or district; `key` is empty for a call without any. */
export interface SplitRow {
  key: string
  /** Of a line, empty where it has none. */
  name: string
  arrived: number
  offered: number
  answered: number
  answered_15s: number
  abandoned_queue: number
  waiting: number
  connection_rate: Rate
  rate_15s_of_offered: Rate
}

export interface Splits {
  by_line: SplitRow[]
  by_mode: SplitRow[]
  by_district: SplitRow[]
}

export interface SwitchboardLink {
  switchboard: string
  district: string
  connected: boolean
  since: string | null
  queues: string[]
}

export interface SurveyFigures {
  contacted: Rate
  solved: Rate
  satisfied: Rate
}

export interface Board {
  day: string
  at: string
  figures: Figures
  waiting: number
  seats: Partial<Record<SeatState, number>>
  seat_list: BoardSeat[]
  ratings: Record<string, number>
  satisfaction: Rate
  survey: SurveyFigures
  /** What the satisfaction figures leave out. */
  excluded: { ratings: number; survey_answers: number }
  splits: Splits
  switchboards: SwitchboardLink[]
}

/** GET /board/callers */
export interface Callers {
  day: string
  asked: number
  answered: number
  rung_back: number
  caller_connection_rate: Rate
}

export interface LiveEvent {
  id: string
  name: string
  at: string
  data: unknown
}

/** Data of the first frame after every connect. */
export interface Hello {
  seat: Seat | null
  calls: Call[]
}

export type ReconciliationCause = 'start' | 'reconnect' | 'regular' | 'call_end' | 'night'

/** One comparison of what is recorded with the switchboard's own records. */
export interface ReconciliationRun {
  run_id: number
  switchboard: string
  cause: ReconciliationCause
  day: string | null
  since: string
  until: string | null
  started_at: string
  /** Null while it goes on, and for good if it was broken off. */
  ended_at: string | null
  compared: number
  unexplained: number
  found: Record<string, number>
}

export interface CallDifference {
  difference_id: number
  call_id: string
  kind: string
  fields: string[]
  recorded: Record<string, unknown> | null
  told: Record<string, unknown> | null
  repaired: boolean
  found_at: string
}

/** Clocks of cases, their rules and the working calendar: shapes and requests. */
import { request } from './request'

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

export type NewClockRule = Pick<ClockRule, 'category' | 'urgency' | 'sign' | 'close' | 'version'>

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

export const clockApi = {
  rules: () => request<ClockRule[]>('GET', '/clock-rules'),
  saveRule: ({ urgency, ...terms }: NewClockRule) =>
    request<ClockRule>('PUT', `/clock-rules/${urgency}`, terms),
  withdrawRule: ({ urgency, category, version }: ClockRule) =>
    request<ClockRule>('POST', `/clock-rules/${urgency}/withdraw`, { category, version }),
  calendar: (year: number) => request<CalendarYear>('GET', `/calendar/${year}`),
  setDay: (day: string, working: boolean, name: string) =>
    request<CalendarDay>('PUT', `/calendar/days/${day}`, { working, name }),
  removeDay: (day: string) => request<void>('DELETE', `/calendar/days/${day}`),
  declareYear: (year: number) => request<void>('PUT', `/calendar/${year}`),
  withdrawYear: (year: number) => request<void>('DELETE', `/calendar/${year}`),
}

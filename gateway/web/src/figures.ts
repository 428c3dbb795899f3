/** Figures of the board: shapes and requests. */
import type { SeatState } from './seats'
import { request } from './request'

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
  self_served: number
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

export const boardApi = {
  figures: () => request<Board>('GET', '/board'),
  callers: () => request<Callers>('GET', '/board/callers'),
}

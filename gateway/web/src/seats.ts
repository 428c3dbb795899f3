/** Seats (坐席): shapes and requests. */
import type { Rate } from './figures'
import { id, query, request, RINGING_TIMEOUT_MS } from './request'

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

/** What a supervisor may do to the conversation of a seat. */
export type SeatAct = 'listen' | 'whisper' | 'barge' | 'take-over' | 'hangup'

type SeatId = Pick<Seat, 'agent' | 'switchboard'>

const path = ({ agent, switchboard }: SeatId, what: string) =>
  `/seats/${id(agent)}/${what}${query({ switchboard })}`

export const seatApi = {
  set: (state: SeatCommand, reason?: string, extensions?: string[]) =>
    request<void>('PUT', '/seat', { state, reason, extensions }),
  choices: () => request<SeatChoices>('GET', '/seat/choices'),
  finishWrapUp: () => request<void>('POST', '/seat/wrap-up/finish'),
  prolongWrapUp: () => request<void>('POST', '/seat/wrap-up/prolong'),
  hangUpPhone: () => request<void>('POST', '/seat/hangup'),
  supervise: (seat: SeatId, act: SeatAct) =>
    request<void>('POST', path(seat, act), undefined, RINGING_TIMEOUT_MS),
  force: (seat: SeatId, state: SeatCommand, reason?: string) =>
    request<void>('PUT', path(seat, 'state'), reason === undefined ? { state } : { state, reason }),
  all: () => request<NamedSeat[]>('GET', '/seats'),
  queues: (seat: SeatId) => request<SeatQueues>('GET', path(seat, 'queues')),
  assignQueues: (seat: SeatId, queues: readonly string[]) =>
    request<void>('PUT', path(seat, 'queues'), { queues }),
  figures: (asked: { start: string; end: string; step: FiguresStep }) =>
    request<SeatPeriod[]>('GET', `/seats/figures${query(asked)}`),
}

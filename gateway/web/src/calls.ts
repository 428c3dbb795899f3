/** Calls, and what an agent does to them: shapes and requests. */
import type { LineMode } from './lines'
import type { SeatState } from './seats'
import { id, query, request, RINGING_TIMEOUT_MS } from './request'

/** What an agent may do to his call. */
export type CallCommand =
  | 'hangup'
  | 'transfer'
  | 'consult'
  | 'consult/complete'
  | 'consult/cancel'
  | 'conference'

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
  /** Whether there is one for whoever asks to hear. */
  recording: boolean
}

export interface CallEventData extends Call {
  detail: string
}

/** POST /calls/{call_id}/recording: where the sound is, for whoever asked and a short time. */
export interface RecordingLink {
  url: string
  lasts_s: number
  duration_s: number
}

export const callApi = {
  newest: (limit: number) => request<Call[]>('GET', `/calls${query({ limit })}`),
  one: (callId: string) => request<CallDetail>('GET', `/calls/${id(callId)}`),
  hear: (callId: string) => request<RecordingLink>('POST', `/calls/${id(callId)}/recording`),
  dial: (wanted: Dialling) => request<void>('POST', '/dial', wanted, RINGING_TIMEOUT_MS),
  directory: () => request<Directory>('GET', '/directory'),
  control: (callId: string, command: CallCommand, to?: Destination) =>
    request<void>('POST', `/calls/${id(callId)}/${command}`, to),
}

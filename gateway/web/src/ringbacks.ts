/** Citizens to be called back (漏接回拨): shapes and requests. */
import { query, request, RINGING_TIMEOUT_MS } from './request'

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

export const ringbackApi = {
  list: (filter: { state: 'live' | 'closed'; limit?: number; before?: string }) =>
    request<Ringback[]>('GET', `/ringbacks${query(filter)}`),
  one: (taskId: number) => request<RingbackDetail>('GET', `/ringbacks/${taskId}`),
  dial: (taskId: number) =>
    request<void>('POST', `/ringbacks/${taskId}/dial`, undefined, RINGING_TIMEOUT_MS),
  drop: (taskId: number, reason: string) =>
    request<Ringback>('POST', `/ringbacks/${taskId}/drop`, { reason }),
}

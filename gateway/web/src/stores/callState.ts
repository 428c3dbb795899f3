/** What a call is to one seat, worked out from the call's data: values in, values out. */
import type { AgentPart, Call, CallEventData, LiveEvent, Seat } from '../model'

export type Phase = 'ringing' | 'talking' | 'held' | 'ended'

export interface SeatCall {
  call: Call
  phase: Phase
  /** Since when it rings here, is talked or held; when it ended here. */
  since: string
}

/** The latest share of `agent` in the call. */
export function ownPart(call: Call, agent: string): AgentPart | undefined {
  return call.agents.findLast((part) => part.agent === agent)
}

/** The call after `event`, or null when it is no business of this seat (any more). */
export function afterEvent(
  before: SeatCall | undefined,
  event: LiveEvent,
  agent: string,
): SeatCall | null {
  const call = event.data as CallEventData
  const part = ownPart(call, agent)
  const mine = call.agent === agent
  if (call.ended_at === null && mine && event.name === 'call.ringing')
    return { call, phase: 'ringing', since: event.at }
  if (part === undefined) {
    const stillRinging = before?.phase === 'ringing' && call.ended_at === null
    if (!stillRinging || (mine && event.name === 'call.ring_missed')) return null
    return { ...before, call }
  }
  const ended = part.released_at ?? call.ended_at
  if (ended !== null) return { call, phase: 'ended', since: ended }
  if (event.name === 'call.held' && mine) return { call, phase: 'held', since: event.at }
  if (before?.phase === 'held' && event.name !== 'call.resumed') return { ...before, call }
  return { call, phase: 'talking', since: part.answered_at }
}

/** The call as found when the page (re)connects; null when it is no business of this seat. */
export function atConnect(call: Call, seat: Seat): SeatCall | null {
  const part = ownPart(call, seat.agent)
  const here = seat.call_id === call.call_id
  if (part === undefined) {
    const rings = seat.state === 'ringing' && here && call.ended_at === null
    return rings ? { call, phase: 'ringing', since: seat.since ?? waitingSince(call) } : null
  }
  const ended = part.released_at ?? call.ended_at
  if (ended !== null) return { call, phase: 'ended', since: ended }
  return seat.state === 'hold' && here
    ? { call, phase: 'held', since: seat.since ?? part.answered_at }
    : { call, phase: 'talking', since: part.answered_at }
}

/** From when the caller waits for a person: queue entry, or arrival before there is one. */
export function waitingSince(call: Call): string {
  return call.offered_at ?? call.arrived_at
}

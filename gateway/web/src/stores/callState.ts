/** What a call is to one seat, worked out from the call's data: values in, values out. */
import type { AgentPart, Call, CallEventData } from '../calls'
import type { LiveEvent } from '../live'
import type { Seat, SeatState } from '../seats'
import type { Session } from '../session'

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

/** Whether `person` is offered to hear a call: one that is over, if he oversees it or spoke in it. */
export function mayHear(call: Call, person: Readonly<Session> | null): boolean {
  if (person === null || call.answered_at === null || call.ended_at === null) return false
  if (person.role !== 'agent') return person.role === 'supervisor'
  const here = person.switchboard === call.switchboard
  return here && ownPart(call, person.agent ?? '') !== undefined
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
  if (before !== undefined && isOver(before, part)) return { ...before, call }
  if (event.name === 'call.held' && mine) return { call, phase: 'held', since: event.at }
  const back = event.name === 'call.resumed' || event.name === 'call.conferenced'
  if (before?.phase === 'held' && !back) return { ...before, call }
  return { call, phase: 'talking', since: part.answered_at }
}

/** This share ended already, although the call goes on: the caller is rating, say. */
function isOver(before: SeatCall, part: AgentPart): boolean {
  return before.phase === 'ended' && Date.parse(part.answered_at) <= Date.parse(before.since)
}

/**
 * The call once the seat is as told: an agent who is busy no longer, or with another call, has no
 * part in it any more, of which no event of the call tells. Null when it only rang here.
 */
export function afterSeat(before: SeatCall, seat: SeatNow, at: string): SeatCall | null {
  if (before.phase === 'ended' || isBusyWith(seat, before.call)) return before
  return before.phase === 'ringing' ? null : { ...before, phase: 'ended', since: at }
}

type SeatNow = Pick<Seat, 'state' | 'call_id'>

const BUSY: readonly SeatState[] = ['ringing', 'talking', 'hold']

const isBusyWith = ({ state, call_id }: SeatNow, call: Call) =>
  BUSY.includes(state) && (call_id === null || call_id === call.call_id)

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
  const since = seat.since ?? part.answered_at
  if (!isBusyWith(seat, call)) return { call, phase: 'ended', since }
  return seat.state === 'hold'
    ? { call, phase: 'held', since }
    : { call, phase: 'talking', since: part.answered_at }
}

/** From when the caller waits for a person: queue entry, or arrival before there is one. */
export function waitingSince(call: Call): string {
  return call.offered_at ?? call.arrived_at
}

/**
 * What lies on the agent's desk: the calls of this seat, each with its own case form.
 *
 * A form stays until its case is registered or the agent puts it away, whatever the connection or
 * the next call does; it is kept in sessionStorage, so a reload or a new sign-in finds it again.
 */
import { computed, reactive, watch } from 'vue'
import { type Call, callApi } from '../calls'
import type { Urgency } from '../caseClocks'
import type { CaseKind } from '../cases'
import type { Matter } from '../citizens'
import { type Hello, type LiveEvent, onLive } from '../live'
import type { Seat } from '../seats'
import { type SeatCall, afterEvent, afterSeat, atConnect } from './callState'
import { session } from './session'

export interface CaseForm {
  kind: CaseKind | ''
  title: string
  body: string
  address: string
  confidential: boolean
  category: string
  /** Whom the case is dispatched to with its registration; empty: later. */
  department: string
  urgency: Urgency
  /** Empty: the case is not separated. */
  matter: Matter | ''
  atOnce: boolean
  result: string
  /** Articles of the knowledge base with which the caller is answered. */
  articles: { article_id: number; title: string }[]
  /** The earlier case that it follows up; empty: none. */
  follows: string
}

export interface DeskItem extends SeatCall {
  form: CaseForm
  caseNo: string | null
}

export const emptyForm = (): CaseForm => ({
  kind: '',
  title: '',
  body: '',
  address: '',
  confidential: false,
  category: '',
  department: '',
  urgency: 'ordinary',
  matter: '',
  atOnce: false,
  result: '',
  articles: [],
  follows: '',
})

const state = reactive({
  items: [] as DeskItem[],
  selectedId: null as string | null,
  /** The call answered last while the page was open. */
  answeredId: null as string | null,
  /** Results written but not sent yet, by case number. */
  closing: {} as Record<string, string>,
  /** What the knowledge base beside the form was opened for; null while it is closed. */
  searching: null as string | null,
})

export const desk = state
export const ringing = computed(() => state.items.find((item) => item.phase === 'ringing'))
export const onDesk = computed(() => state.items.filter((item) => item.phase !== 'ringing'))
export const selected = computed(() =>
  onDesk.value.find((item) => item.call.call_id === state.selectedId),
)
export const unsaved = computed(() => onDesk.value.filter(hasText))

export function hasText(item: DeskItem): boolean {
  const { kind, title, body, address, result } = item.form
  return item.caseNo === null && (kind + title + body + address + result).trim() !== ''
}

const find = (callId: string) => state.items.find((item) => item.call.call_id === callId)

function put(found: SeatCall): void {
  const item = find(found.call.call_id)
  const answered = found.phase === 'talking' && (item === undefined || item.phase === 'ringing')
  if (item === undefined) state.items.push({ ...found, form: emptyForm(), caseNo: null })
  else Object.assign(item, found)
  if (answered) {
    clearFinished()
    state.selectedId = found.call.call_id
  }
}

export function putAway(callId: string): void {
  state.items = state.items.filter((item) => item.call.call_id !== callId)
  if (selected.value === undefined) state.selectedId = onDesk.value.at(-1)?.call.call_id ?? null
}

/** Over and nothing written, or registered: make room. */
function clearFinished(): void {
  state.items = state.items.filter((item) => item.phase !== 'ended' || hasText(item))
}

/** Take an earlier call to the desk to register its case. */
export function takeUp(call: Call): void {
  if (find(call.call_id) === undefined) {
    put({ call, phase: 'ended', since: call.ended_at ?? call.arrived_at })
  }
  state.selectedId = call.call_id
}

export function markRegistered(callId: string, caseNo: string): void {
  const item = find(callId)
  if (item !== undefined) item.caseNo = caseNo
}

onLive((event: LiveEvent) => {
  const agent = session.value?.agent
  if (agent == null) return
  if (event.name === 'hello') atHello(event.data as Hello)
  else if (event.name === 'seat.changed') atSeat(event.data as Seat, agent, event.at)
  else if (event.name.startsWith('call.')) atCall(event, agent)
})

function atCall(event: LiveEvent, agent: string): void {
  const { call_id } = event.data as Call
  const before = find(call_id)?.phase
  const after = afterEvent(find(call_id), event, agent)
  if (after !== null) put(after)
  if (before === 'ringing' && after?.phase === 'talking') state.answeredId = call_id
  if (before === 'ringing' && after === null) putAway(call_id)
}

function atSeat(seat: Seat, own: string, at: string): void {
  if (seat.agent !== own) return
  for (const item of [...state.items]) {
    const after = afterSeat(item, seat, at)
    if (after === null) putAway(item.call.call_id)
    else put(after)
  }
}

function atHello({ seat, calls }: Hello): void {
  if (seat === null) return
  const found = calls.map((call) => atConnect(call, seat)).filter((item) => item !== null)
  const present = new Set(found.map(({ call }) => call.call_id))
  for (const item of [...state.items]) {
    if (!present.has(item.call.call_id) && item.phase !== 'ended') void endedUnseen(item)
  }
  for (const item of found) if (item.phase !== 'ended' || find(item.call.call_id)) put(item)
}

/** The call ended while the page was not connected: its record says how. */
async function endedUnseen(item: DeskItem): Promise<void> {
  const callId = item.call.call_id
  if (item.phase === 'ringing') return putAway(callId)
  Object.assign(item, { phase: 'ended', since: new Date().toISOString() })
  const call = await callApi.one(callId).catch(() => item.call) // only its length is missing then
  Object.assign(item, { call, since: call.ended_at ?? item.since })
}

type Kept = Pick<typeof state, 'items' | 'closing'>

const storageKey = (login: string) => `desk:${login}`

watch(
  () => session.value?.login,
  (login) => {
    if (login === undefined) return
    const text = sessionStorage.getItem(storageKey(login))
    sessionStorage.clear() // another person's texts are none of this one's business
    const kept: Kept = text === null ? { items: [], closing: {} } : (JSON.parse(text) as Kept)
    // What was kept by an earlier version of the page may lack a field.
    for (const item of kept.items) item.form = { ...emptyForm(), ...item.form }
    Object.assign(state, kept)
    state.selectedId = onDesk.value.at(-1)?.call.call_id ?? null
  },
  { immediate: true, flush: 'sync' },
)

watch([onDesk, () => state.closing], keep, { deep: true })

function keep(): void {
  const login = session.value?.login
  const kept: Kept = { items: onDesk.value, closing: state.closing }
  if (login !== undefined) sessionStorage.setItem(storageKey(login), JSON.stringify(kept))
}

/** Forget everything, also what is kept for a reload. */
export function clearDesk(): void {
  Object.assign(state, { items: [], closing: {}, selectedId: null, searching: null })
  sessionStorage.clear()
}

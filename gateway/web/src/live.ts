/**
 * The live wire: one WebSocket that reconnects for ever with back-off and hands every event on once.
 *
 * After each connect the server sends `hello` with the present state, so a gap heals by itself.
 */
import { reactive, readonly } from 'vue'
import type { Call } from './calls'
import { now } from './clock'
import { Problem } from './request'
import type { Seat } from './seats'
import { sessionApi } from './session'

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

const FIRST_RETRY_MS = 500
const LONGEST_RETRY_MS = 10_000
const CONNECT_TIMEOUT_MS = 8_000
const QUIET_MS = 25_000 // longer than the server's ping; nothing heard for so long is looked into
const REMEMBERED_IDS = 2_000

type Handler = (event: LiveEvent) => void

const state = reactive({ connected: false, lostAt: null as string | null })
const handlers = new Set<Handler>()
const seen = new Set<string>()
let socket: WebSocket | null = null
let timer: number | undefined
let failures = 0
let wanted = 0 // counts starts and stops: what an earlier start still awaits is void
let signedOut: () => void = () => {}

export const link = readonly(state)

/** Call `handler` for every new event and every `hello`; returns the way to stop. */
export function onLive(handler: Handler): () => void {
  handlers.add(handler)
  return () => handlers.delete(handler)
}

/** Connect now and stay connected until `stopLive`; `whenSignedOut`: the session is gone. */
export function startLive(whenSignedOut: () => void): void {
  stopLive()
  signedOut = whenSignedOut
  connect()
}

export function stopLive(): void {
  wanted++
  window.clearTimeout(timer)
  socket?.close()
  socket = null
  failures = 0
  seen.clear()
  Object.assign(state, { connected: false, lostAt: null })
}

function connect(): void {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws'
  const opened = new WebSocket(`${scheme}://${location.host}/ws`)
  socket = opened
  expectWithin(CONNECT_TIMEOUT_MS, lose)
  opened.onmessage = (message) => {
    if (socket === opened) receive(message.data as string)
  }
  opened.onclose = () => {
    if (socket === opened) lose()
  }
}

function receive(text: string): void {
  expectWithin(QUIET_MS, probe)
  const event = JSON.parse(text) as LiveEvent
  if (event.name === 'hello') {
    failures = 0
    Object.assign(state, { connected: true, lostAt: null })
  }
  if (!isRepeat(event)) for (const handler of handlers) handler(event)
}

function isRepeat(event: LiveEvent): boolean {
  if (event.name === 'hello') return false // the state at this connect, not an event
  if (seen.has(event.id)) return true
  seen.add(event.id)
  if (seen.size > REMEMBERED_IDS) seen.delete(seen.values().next().value as string)
  return false
}

function expectWithin(ms: number, otherwise: () => void): void {
  window.clearTimeout(timer)
  timer = window.setTimeout(otherwise, ms)
}

/** The connection is gone, whether or not TCP knows: do not wait for a closing handshake. */
function lose(): void {
  const old = socket
  socket = null
  old?.close()
  state.connected = false
  state.lostAt ??= new Date(now.value).toISOString()
  // Half of the pause is random, so that pages do not all come back in the same instant.
  const longest = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures++)
  expectWithin(longest / 2 + Math.random() * (longest / 2), () => void retry())
}

/** Ask for the session first: a refused handshake does not say why, a 401 does. */
async function retry(): Promise<void> {
  const start = wanted
  const answer = await reachable()
  if (start !== wanted || socket !== null) return
  if (answer === 'signed out') signedOut()
  else if (answer === 'yes') connect()
  else lose()
}

/** Pings are invisible to a page: a quiet connection to a frozen server looks like a quiet day. */
async function probe(): Promise<void> {
  const asked = socket
  const answer = await reachable()
  if (asked !== socket || asked === null) return
  if (answer === 'yes') expectWithin(QUIET_MS, probe)
  else lose()
}

async function reachable(): Promise<'yes' | 'no' | 'signed out'> {
  try {
    await sessionApi.current()
    return 'yes'
  } catch (error) {
    return error instanceof Problem && error.status === 401 ? 'signed out' : 'no'
  }
}

// The browser notices a pulled cable long before TCP gives up; the way back is tried at once.
window.addEventListener('offline', () => {
  if (socket !== null) lose()
})
window.addEventListener('online', () => {
  if (socket !== null || state.lostAt === null) return
  failures = 0
  expectWithin(0, () => void retry())
})

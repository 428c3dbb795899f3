/** The agent's own seat: what the switchboard says it is, and what was asked for meanwhile. */
import { reactive, readonly, ref } from 'vue'
import { type Hello, type LiveEvent, onLive } from '../live'
import { Problem } from '../request'
import { type Seat, seatApi, type SeatChoices, type SeatCommand } from '../seats'
import { session } from './session'

const CONFIRMATION_MS = 8_000

interface Wish {
  state: SeatCommand
  reason: string
}

const state = reactive({ current: null as Seat | null, wish: null as Wish | null })
let confirm: () => void = () => {}

export const seat = readonly(state)

const offered = ref<SeatChoices | null>(null)
export const seatChoices = readonly(offered)

/** Ask once what can be chosen at a seat. Throws `Problem`. */
export async function loadSeatChoices(): Promise<void> {
  offered.value ??= await seatApi.choices()
}

onLive((event: LiveEvent) => {
  if (event.name === 'hello') {
    state.current = (event.data as Hello).seat
    confirm()
  } else if (event.name === 'seat.changed') {
    const change = event.data as Omit<Seat, 'since' | 'extension'>
    if (change.agent !== session.value?.agent) return
    state.current = { ...change, extension: session.value.extension, since: event.at }
    confirm()
  }
})

/** Ask for a state and wait until the switchboard confirms it. Throws `Problem`. */
export async function changeSeat(
  wanted: SeatCommand,
  reason = '',
  extensions?: string[],
): Promise<void> {
  await confirmed({ state: wanted, reason }, () =>
    seatApi.set(wanted, reason || undefined, extensions),
  )
}

/** Be done with the wrap-up and wait until calls come again. Throws `Problem`. */
export async function finishWrapUp(): Promise<void> {
  await confirmed({ state: 'ready', reason: '' }, seatApi.finishWrapUp)
}

async function confirmed(wish: Wish, ask: () => Promise<void>): Promise<void> {
  if (state.wish !== null) return
  state.wish = wish
  const seen = new Promise<boolean>((resolve) => {
    confirm = () => resolve(true)
    window.setTimeout(() => resolve(false), CONFIRMATION_MS)
  })
  try {
    await ask()
    if (!(await seen)) throw new Problem(0, '已提交，但交换机尚未确认，请留意坐席状态。')
  } finally {
    state.wish = null
  }
}

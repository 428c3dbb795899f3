/** The server's time, ticking each second, so that timers are right on a PC whose clock is not. */
import { readonly, ref } from 'vue'

// The Date header has whole seconds and the answer travelled: less than this is no wrong clock.
const TOLERANCE_MS = 2_000

let offsetMs = 0
const current = ref(Date.now())

export const now = readonly(current)

/** Learn the server's clock from the `Date` header of an answer. */
export function learnClock(dateHeader: string | null): void {
  if (dateHeader === null) return
  const offset = Date.parse(dateHeader) - Date.now()
  if (!Number.isNaN(offset)) offsetMs = Math.abs(offset) > TOLERANCE_MS ? offset : 0
}

/** Whole seconds since `iso`, never negative. */
export function secondsSince(iso: string): number {
  return Math.max(0, Math.floor((current.value - Date.parse(iso)) / 1000))
}

window.setInterval(() => {
  current.value = Date.now() + offsetMs
}, 1000)

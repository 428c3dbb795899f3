/** Asking anew: soon after something has happened, but not at every event. */
import { onUnmounted } from 'vue'
import { type LiveEvent, onLive } from './live'

/**
 * `soon` has `work` done at most once in `shortestMs`, never twice at the same time; with `longestMs`
 * it is done anew after that long in any case, from the first time on. `work` says itself what fails.
 */
export function refresher(work: () => Promise<void>, shortestMs: number, longestMs?: number) {
  let timer: number | undefined
  let askedAt = -Infinity
  let asking = false
  let stopped = false

  async function ask(): Promise<void> {
    if (asking) return askIn(shortestMs)
    asking = true
    askedAt = performance.now()
    if (longestMs !== undefined) askIn(longestMs)
    await work()
    asking = false
  }

  function askIn(ms: number): void {
    window.clearTimeout(timer)
    if (!stopped) timer = window.setTimeout(() => void ask(), ms)
  }

  const soon = () => askIn(Math.max(0, askedAt + shortestMs - performance.now()))

  function stop(): void {
    stopped = true
    window.clearTimeout(timer)
  }

  return { ask, soon, stop }
}

/** The same while the calling component is shown, after each live event that `concerns` it. */
export function useRefresher(
  work: () => Promise<void>,
  concerns: (event: LiveEvent) => boolean,
  shortestMs: number,
  longestMs?: number,
) {
  const fresh = refresher(work, shortestMs, longestMs)
  const stop = onLive((event) => {
    if (concerns(event)) fresh.soon()
  })
  onUnmounted(() => {
    stop()
    fresh.stop()
  })
  return fresh
}

/** After a gap, and whenever something happens to cases. */
export const ofCases = ({ name }: LiveEvent) => name === 'hello' || name.startsWith('case.')

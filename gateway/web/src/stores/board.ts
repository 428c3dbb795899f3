/** The board's figures: asked anew after events, at most once a second, and at least every ten. */
import { onUnmounted, reactive } from 'vue'
import { type Board, boardApi } from '../figures'
import { sentence } from '../request'
import { onLive } from '../live'

/** How the calls of the day can be looked at. */
export const FIGURE_VIEWS = { all: '全部', line: '线路', mode: '方式', district: '区县' } as const
export type FigureView = keyof typeof FIGURE_VIEWS

const SHORTEST_MS = 1_000
const LONGEST_MS = 10_000

/** Figures that keep themselves fresh while the calling component is shown. */
export function useBoard() {
  const state = reactive({ board: null as Board | null, problem: '' })
  let asking = false
  let askedAt = -Infinity
  let timer: number | undefined
  let shown = true

  async function ask(): Promise<void> {
    asking = true
    askedAt = performance.now()
    askIn(LONGEST_MS)
    try {
      state.board = await boardApi.figures()
      state.problem = ''
    } catch (error) {
      state.problem = sentence(error)
    }
    asking = false
  }

  function askIn(ms: number): void {
    window.clearTimeout(timer)
    if (shown) timer = window.setTimeout(() => (asking ? askIn(SHORTEST_MS) : void ask()), ms)
  }

  const stop = onLive(() => askIn(Math.max(0, askedAt + SHORTEST_MS - performance.now())))
  onUnmounted(() => {
    shown = false
    stop()
    window.clearTimeout(timer)
  })
  void ask()
  return state
}

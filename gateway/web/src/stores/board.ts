/** The board's figures: asked anew after events, at most once a second, and at least every ten. */
import { onUnmounted, reactive } from 'vue'
import { type Board, boardApi } from '../figures'
import { sentence } from '../request'
import { onLive } from '../live'
import { refresher } from '../refreshing'

/** How the calls of the day can be looked at. */
export const FIGURE_VIEWS = { all: '全部', line: '线路', mode: '方式', district: '区县' } as const
export type FigureView = keyof typeof FIGURE_VIEWS

const SHORTEST_MS = 1_000
const LONGEST_MS = 10_000

/** Figures that keep themselves fresh while the calling component is shown. */
export function useBoard() {
  const state = reactive({ board: null as Board | null, problem: '' })

  async function load(): Promise<void> {
    try {
      state.board = await boardApi.figures()
      state.problem = ''
    } catch (error) {
      state.problem = sentence(error)
    }
  }

  const fresh = refresher(load, SHORTEST_MS, LONGEST_MS)
  const stop = onLive(fresh.soon)
  onUnmounted(() => {
    stop()
    fresh.stop()
  })
  void fresh.ask()
  return state
}

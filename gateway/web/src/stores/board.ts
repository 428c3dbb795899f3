/** The board's figures: asked anew after events, at most once a second, and at least every ten. */
import { reactive } from 'vue'
import { type Board, boardApi } from '../figures'
import { sentence } from '../request'
import { useRefresher } from '../refreshing'

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

  void useRefresher(load, () => true, SHORTEST_MS, LONGEST_MS).ask()
  return state
}

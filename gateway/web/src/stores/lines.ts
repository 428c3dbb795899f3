/** The lines that people dial, and their names by number. */
import { computed, reactive, readonly } from 'vue'
import type { Call } from '../calls'
import { type Line, lineApi } from '../lines'
import { sentence } from '../request'
import { onLive } from '../live'
import { isDepartment } from './session'

const AGAIN_MS = 2_000

const state = reactive({ lines: [] as Line[], loaded: false, problem: '' })
const names = computed(() => new Map(state.lines.map((line) => [line.number, line.name])))
let askedAt = -Infinity

export const lineBook = readonly(state)

/** Read the lines anew; until it succeeds those that are known stay. */
export async function loadLines(): Promise<void> {
  askedAt = performance.now()
  try {
    Object.assign(state, { lines: await lineApi.all(), loaded: true, problem: '' })
  } catch (error) {
    state.problem = sentence(error)
  }
}

/** Of a line that was defined since. */
const isNew = ({ line, line_mode }: Call) => line_mode !== null && !names.value.has(line)

onLive((event) => {
  if (isDepartment.value) return // has no calls
  if (event.name === 'hello') void loadLines()
  else if (event.name.startsWith('call.') && isNew(event.data as Call)) {
    if (performance.now() - askedAt > AGAIN_MS) void loadLines()
  }
})

/** Empty for a line that nobody has defined. */
export const lineName = (number: string) => names.value.get(number) ?? ''

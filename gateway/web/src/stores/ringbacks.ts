/** Whom to call back: asked anew after every change that is told, at most once a second. */
import { computed, reactive, readonly } from 'vue'
import { api, sentence } from '../api'
import { now } from '../clock'
import { complain, notice } from '../dialogs'
import { onLive } from '../live'
import type { Ringback } from '../model'

const SHORTEST_MS = 1_000

const state = reactive({
  tasks: [] as Ringback[],
  problem: '',
  /** The task whose citizen is being rung from here. */
  ringing: null as number | null,
})
let timer: number | undefined
let askedAt = -Infinity

export const ringbacks = readonly(state)
export const open = computed(() => state.tasks.filter((task) => task.state === 'open').length)

/** Whether the citizen may be called now; the server has the last word. */
export const isDue = (task: Ringback) => Date.parse(task.due_at) <= now.value

async function load(): Promise<void> {
  askedAt = performance.now()
  try {
    state.tasks = await api.ringbacks({ state: 'live' })
    state.problem = ''
  } catch (error) {
    state.problem = sentence(error)
  }
}

onLive(({ name }) => {
  if (name !== 'hello' && !name.startsWith('ringback.')) return
  window.clearTimeout(timer)
  timer = window.setTimeout(load, Math.max(0, askedAt + SHORTEST_MS - performance.now()))
})

/** Take the task and ring the own phone; the citizen is dialled once it is answered. */
export async function ringBack(task: Ringback): Promise<void> {
  if (state.ringing !== null) return
  state.ringing = task.task_id
  try {
    await api.ringBack(task.task_id)
    notice('正在呼叫来电人，请听话机')
  } catch (error) {
    complain(error)
    void load()
  } finally {
    state.ringing = null
  }
}

/** Whom to call back: asked anew after every change that is told, at most once a second. */
import { computed, reactive, readonly } from 'vue'
import { callApi } from '../calls'
import { sentence } from '../request'
import { now } from '../clock'
import { complain, notice } from '../dialogs'
import { onLive } from '../live'
import { type Ringback, ringbackApi } from '../ringbacks'
import { refresher } from '../refreshing'
import { takeUp } from './desk'
import { isDepartment, session } from './session'

const SHORTEST_MS = 1_000

const state = reactive({
  tasks: [] as Ringback[],
  problem: '',
  /** The task whose citizen is being rung from here. */
  ringing: null as number | null,
})

export const ringbacks = readonly(state)
export const open = computed(() => state.tasks.filter((task) => task.state === 'open').length)

/** Whether the citizen may be called now; the server has the last word. */
export const isDue = (task: Ringback) => Date.parse(task.due_at) <= now.value

/** Read the open ones anew; until it succeeds those that are known stay. */
export async function loadRingbacks(): Promise<void> {
  try {
    state.tasks = await ringbackApi.list({ state: 'live' })
    state.problem = ''
  } catch (error) {
    state.problem = sentence(error)
  }
}

const fresh = refresher(loadRingbacks, SHORTEST_MS)

onLive(({ name, data }) => {
  if (isDepartment.value || (name !== 'hello' && !name.startsWith('ringback.'))) return
  if (name === 'ringback.reached') atReached(data as Ringback)
  fresh.soon()
})

function atReached(task: Ringback): void {
  if (task.agent === session.value?.agent) takeToDesk(task).then(told, complain)
}

const told = () => notice('来电人已接听，可在工作台登记工单')

/** Its missed call is laid on the desk for a case; the number of one that it has already. */
export async function takeToDesk(task: Ringback): Promise<string | null> {
  const call = await callApi.one(task.last_call_id)
  if (call.case_no === null) takeUp(call)
  return call.case_no
}

/** Take the task and ring the own phone; the citizen is dialled once it is answered. */
export async function ringBack(task: Ringback): Promise<void> {
  if (state.ringing !== null) return
  state.ringing = task.task_id
  try {
    await ringbackApi.dial(task.task_id)
    notice('正在呼叫来电人，请听话机')
  } catch (error) {
    complain(error)
    void loadRingbacks()
  } finally {
    state.ringing = null
  }
}

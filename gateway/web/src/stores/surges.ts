/** The warnings that overseers see: asked anew when one begins or ends, at most once a second. */
import { reactive, readonly } from 'vue'
import { complain, notice } from '../dialogs'
import { onLive } from '../live'
import { refresher } from '../refreshing'
import { sentence } from '../request'
import { SURGE_LEVEL, type Surge, type SurgeEvent, surgeApi, surgeName, surgeSize } from '../surges'
import { isOverseer } from './session'

const SHORTEST_MS = 1_000
/** Shares and clusters change between beginning and end, too. */
const LONGEST_MS = 60_000
const ENDED_SHOWN = 50

const state = reactive({
  open: [] as Surge[],
  ended: [] as Surge[],
  loaded: false,
  problem: '',
})

export const surges = readonly(state)

async function load(): Promise<void> {
  if (!isOverseer.value) return
  try {
    Object.assign(state, await surgeApi.list({ limit: ENDED_SHOWN }), { loaded: true, problem: '' })
  } catch (error) {
    state.problem = sentence(error)
  }
}

const fresh = refresher(load, SHORTEST_MS, LONGEST_MS)

/** Take notice of a warning, for everybody to see. */
export async function acknowledge(surge: Pick<Surge, 'surge_id'>): Promise<void> {
  try {
    await surgeApi.acknowledge(surge.surge_id)
  } catch (error) {
    complain(error)
  }
  await load()
}

onLive(({ name, data }) => {
  if (!isOverseer.value || (name !== 'hello' && !name.startsWith('surge.'))) return
  if (name === 'surge.started') {
    const surge = data as SurgeEvent
    const size = surgeSize(surge.level, surge.cases, surge.total)
    notice(`预警（${SURGE_LEVEL[surge.level]}）：${surgeName(surge)} ${size}`)
  }
  fresh.soon()
})

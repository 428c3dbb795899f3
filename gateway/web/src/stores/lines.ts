/** Names of the lines that people dial, by number. */
import { reactive } from 'vue'
import { api } from '../api'
import { onLive } from '../live'
import type { Call } from '../model'
import { isDepartment } from './session'

const AGAIN_MS = 2_000

const names = reactive(new Map<string, string>())
let askedAt = -Infinity

async function load(): Promise<void> {
  askedAt = performance.now()
  const lines = await api.lines().catch(() => null) // the number alone is shown until then
  if (lines === null) return
  names.clear()
  for (const line of lines) names.set(line.number, line.name)
}

/** Of a line that was defined since. */
const isNew = ({ line, line_mode }: Call) => line_mode !== null && !names.has(line)

onLive((event) => {
  if (isDepartment.value) return // has no calls
  if (event.name === 'hello') void load()
  else if (event.name.startsWith('call.') && isNew(event.data as Call)) {
    if (performance.now() - askedAt > AGAIN_MS) void load()
  }
})

/** Empty for a line that nobody has defined. */
export const lineName = (number: string) => names.get(number) ?? ''

/** Names of the lines that people dial, by number. */
import { reactive } from 'vue'
import { api } from '../api'
import { onLive } from '../live'

const AGAIN_MS = 60_000

const names = reactive(new Map<string, string>())
let askedAt = -Infinity

/** A line that was defined a minute ago has its name here at the next call on it. */
async function load(): Promise<void> {
  askedAt = performance.now()
  const lines = await api.lines().catch(() => null) // the number alone is shown until then
  if (lines === null) return
  names.clear()
  for (const line of lines) names.set(line.number, line.name)
}

onLive((event) => {
  const news = event.name === 'hello' || event.name === 'call.arrived' || event.name === 'call.ringing'
  if (news && performance.now() - askedAt > AGAIN_MS) void load()
})

/** Empty for a line that nobody has defined. */
export const lineName = (number: string) => names.get(number) ?? ''

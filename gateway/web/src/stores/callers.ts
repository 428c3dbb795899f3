/** What is known of the callers on the desk and of cases, asked once for each of them. */
import { reactive, watch } from 'vue'
import { type CallerHistory, type Subject, citizens } from '../citizens'
import { sentence } from '../request'
import { session } from './session'

interface Known {
  history: CallerHistory | null
  problem: string
}

const known = reactive(new Map<Subject, Known>())
const REMEMBERED = 20

// What one person was told of a citizen is not the next one's to read.
watch(
  () => session.value?.login,
  () => known.clear(),
)

/** The caller's history, loading at the first call; `problem` says why there is none. */
export function callerOf(of: Subject): Known {
  if (!known.has(of)) void loadCaller(of)
  return known.get(of) as Known
}

/** Ask anew; what is shown stays until there is an answer. */
export async function loadCaller(of: Subject): Promise<void> {
  if (!known.has(of)) known.set(of, { history: null, problem: '' })
  if (known.size > REMEMBERED) known.delete(known.keys().next().value as Subject)
  const entry = known.get(of) as Known
  try {
    entry.history = await citizens.history(of)
    entry.problem = ''
  } catch (error) {
    entry.history = null
    entry.problem = sentence(error)
  }
}

/** What is known of the callers on the desk, asked once per call. */
import { reactive } from 'vue'
import { api } from '../api'
import { sentence } from '../request'
import type { CallerHistory } from '../model'

interface Known {
  history: CallerHistory | null
  problem: string
}

const known = reactive(new Map<string, Known>())
const REMEMBERED = 20

/** The caller's history, loading at the first call; `problem` says why there is none. */
export function callerOf(callId: string): Known {
  if (!known.has(callId)) void loadCaller(callId)
  return known.get(callId) as Known
}

export async function loadCaller(callId: string): Promise<void> {
  known.set(callId, { history: null, problem: '' })
  if (known.size > REMEMBERED) known.delete(known.keys().next().value as string)
  const entry = known.get(callId) as Known
  try {
    entry.history = await api.callerHistory(callId)
  } catch (error) {
    entry.problem = sentence(error)
  }
}

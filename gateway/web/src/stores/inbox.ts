/** What a department has to do: counts by state, and a notice when something is sent to it. */
import { reactive, readonly } from 'vue'
import type { CaseClock } from '../caseClocks'
import { caseApi, type CaseState } from '../cases'
import { complain, notice } from '../dialogs'
import { onLive } from '../live'
import { refresher } from '../refreshing'
import { CLOCK_KIND, stepWord } from '../words'
import { isDepartment } from './session'

const SHORTEST_MS = 1_000

interface CaseEvent {
  case_no: string
  notice: boolean
  /** Of a reminder, and of a deadline that has passed. */
  clock?: CaseClock['kind'] | 'joint'
}

const state = reactive({ counts: {} as Partial<Record<CaseState, number>> })

export const inbox = readonly(state)

async function load(): Promise<void> {
  try {
    state.counts = (await caseApi.inbox()).counts
  } catch (error) {
    complain(error)
  }
}

const fresh = refresher(load, SHORTEST_MS)

function said(name: string, { clock }: CaseEvent): string {
  if (clock) return `${CLOCK_KIND[clock]}时限${name === 'case.overdue' ? '已过，系统已督办' : '临近'}`
  return stepWord(name.slice('case.'.length))
}

onLive(({ name, data }) => {
  if (!isDepartment.value || (name !== 'hello' && !name.startsWith('case.'))) return
  const event = data as CaseEvent
  if (event.notice) notice(`工单 ${event.case_no}：${said(name, event)}`)
  fresh.soon()
})

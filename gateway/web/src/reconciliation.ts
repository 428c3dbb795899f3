/** Comparisons with the switchboard's own records: shapes, requests, words. */
import { query, request } from './request'

export type ReconciliationCause = 'start' | 'reconnect' | 'regular' | 'call_end' | 'night'

/** One comparison of what is recorded with the switchboard's own records. */
export interface ReconciliationRun {
  run_id: number
  switchboard: string
  cause: ReconciliationCause
  day: string | null
  since: string
  until: string | null
  started_at: string
  /** Null while it goes on, and for good if it was broken off. */
  ended_at: string | null
  compared: number
  unexplained: number
  found: Record<string, number>
}

export interface CallDifference {
  difference_id: number
  call_id: string
  kind: string
  fields: string[]
  recorded: Record<string, unknown> | null
  told: Record<string, unknown> | null
  repaired: boolean
  found_at: string
}

export const reconciliationApi = {
  runs: (limit: number) =>
    request<ReconciliationRun[]>('GET', `/reconciliations${query({ limit })}`),
  differences: (runId: number) =>
    request<CallDifference[]>('GET', `/reconciliations/${runId}/differences`),
}

export const RECONCILIATION_CAUSE: Record<ReconciliationCause, string> = {
  start: '网关启动',
  reconnect: '重新连接',
  regular: '定时',
  call_end: '通话结束',
  night: '每日夜间',
}

const DIFFERENCE: Record<string, string> = {
  missing: '漏记',
  open: '未记结束',
  different: '记录不符',
  unseen: '结束未见',
  unexplained: '无法解释',
  rating: '补记评价',
  answer: '补记回访答复',
}

export const differenceWord = (kind: string) => DIFFERENCE[kind] ?? kind

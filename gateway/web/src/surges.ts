/** Surge warnings (预警): shapes and requests. */
import { query, request } from './request'
import type { Named } from './trees'

export type SurgeLevel = 'class' | 'subclass' | 'cluster'

export const SURGE_LEVEL: Record<SurgeLevel, string> = {
  class: '大类占比',
  subclass: '小类占比',
  cluster: '同地同事',
}

/** `cases` of `total` in the window as found last; `peak_…` when it was worst. */
export interface Surge {
  surge_id: number
  level: SurgeLevel
  window_minutes: number
  category: Named | null
  /** Of a cluster: where, and the words that its cases share. */
  place: string | null
  words: string[]
  started_at: string
  ended_at: string | null
  cases: number
  total: number
  peak_cases: number
  peak_total: number
  peak_at: string
  acknowledged_by: string | null
  acknowledged_at: string | null
  members: { case_no: string; title: string }[]
}

/** Data of `surge.started` and `surge.ended`. */
export type SurgeEvent = Pick<
  Surge,
  'surge_id' | 'level' | 'window_minutes' | 'category' | 'place' | 'words' | 'cases' | 'total'
>

export const surgeApi = {
  list: (part: { before?: string; limit?: number }) =>
    request<{ open: Surge[]; ended: Surge[] }>('GET', `/surges${query(part)}`),
  acknowledge: (surgeId: number) => request<Surge>('POST', `/surges/${surgeId}/acknowledge`),
}

/** `60 分钟`, `24 小时` */
export const windowWord = (minutes: number) =>
  minutes % 60 === 0 && minutes > 60 ? `${minutes / 60} 小时` : `${minutes} 分钟`

/** What a warning is about. */
export function surgeName({ level, category, place }: SurgeEvent): string {
  if (level === 'cluster') return place ?? ''
  return category?.name ?? ''
}

/** `12 / 150 件（8.0%）`; of a cluster the cases alone. */
export function surgeSize(level: SurgeLevel, cases: number, total: number): string {
  if (level === 'cluster') return `${cases} 件`
  return `${cases} / ${total} 件（${((100 * cases) / total).toFixed(1)}%）`
}

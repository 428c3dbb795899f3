/** Lines of the merged hotline: shapes and requests. */
import { id, query, request } from './request'

/** How a line belongs to the merged hotline. */
export type LineMode = 'main' | 'cancelled' | 'kept' | 'dual'

/** GET /lines */
export interface Line {
  number: string
  name: string
  mode: LineMode
  department: string
  district: string
}

/** What a line is, apart from its number. */
export type LineTerms = Omit<Line, 'number'>

/** GET /lines/changes: `before` is null of a new line, `after` of one removed. */
export interface LineChange {
  change_id: number
  number: string
  at: string
  actor: string
  before: Line | null
  after: Line | null
}

export const lineApi = {
  all: () => request<Line[]>('GET', '/lines'),
  add: (line: Line) => request<Line>('POST', '/lines', line),
  change: (number: string, terms: LineTerms) =>
    request<Line>('PUT', `/lines/${id(number)}`, terms),
  remove: (number: string) => request<void>('DELETE', `/lines/${id(number)}`),
  changes: (asked: { number: string; limit: number; before?: number | undefined }) =>
    request<LineChange[]>('GET', `/lines/changes${query(asked)}`),
}

/** Supervision of cases: shapes of the API, its requests, and the Chinese words of its codes. */
import type { Light } from './caseClocks'
import type { CaseKind, CaseState, Joint } from './cases'
import type { Rate } from './figures'
import { query, request } from './request'
import type { Department, Named } from './trees'

/** GET /case-board: a department with all below it. */
export interface DepartmentLoad {
  code: string
  name: string
  level: Department['level']
  parent: string | null
  open: number
  dispatched: number
  accepted: number
  handling: number
  replied: number
  return_asked: number
  red: number
  yellow: number
}

export interface CaseBoard {
  at: string
  states: Partial<Record<CaseState, number>>
  lights: Record<Light, number>
  opened_today: number
  closed_today: number
  departments: DepartmentLoad[]
}

export type ListKind = 'day' | 'week' | 'month'

export interface SupervisionList {
  list_id: number
  kind: ListKind
  first_day: string
  last_day: string
  made_at: string
  /** The moment that it shows: before `made_at` where a list of a day was made up. */
  as_of: string
  items: number
  signed: number
}

export interface GroundCount {
  ground: string
  word: string
  sentence: string
  cases: number
}

/** Cases of a list of one department in charge; null before a dispatch. */
export interface DepartmentShare {
  department: Named | null
  items: number
  signed: number
  open: number
  overdue: number
  dissatisfied: number
  returned_repeatedly: number
  rehandled: number
}

export type Axis = 'class' | 'department' | 'district'
export type MonthFigureName =
  | 'opened'
  | 'signed_in_time'
  | 'closed_in_time'
  | 'returned'
  | 'rehandled'

export interface MonthFigure {
  axis: Axis
  code: string
  name: string
  figure: MonthFigureName
  month: Rate
  month_before: Rate
  /** Null unless both months have data. */
  moved: number | null
}

export interface FullList extends SupervisionList {
  grounds: GroundCount[]
  departments: DepartmentShare[]
  figures: MonthFigure[]
}

/** A case as it was when the list was made (`…_then`) and as it is now. */
export interface ListItem {
  place: number
  case_no: string
  title: string
  kind: CaseKind
  confidential: boolean
  grounds: string[]
  days: number
  deadline: string | null
  version_then: number
  state_then: CaseState
  lead_then: Named | null
  version: number
  state: CaseState
  lead: Named | null
  instruction: { at: string; actor: string; step: string; words: string } | null
}

/** Empty: not filtered by that. */
export interface ItemFilter {
  department?: string
  ground?: string
  unsigned?: string
  after?: number | undefined
  limit: number
}

/** Cases now and before; null where nothing was counted before. */
export interface Rise {
  now: number
  before: number
  expected: number | null
  strength: number | null
}

/** `hint`: cases of a category that the place had already rise. */
export interface HotPlace {
  place: string
  name: string
  cases: Rise
  repeats: Rise
  hint: boolean
}

export interface HeatCell {
  district: string
  district_name: string
  class_code: string
  class_name: string
  cases: Rise
}

export interface HotTopics {
  first_day: string
  last_day: string
  cases: number
  cases_before: number
  uncounted_days: number
  words: { word: string; cases: Rise }[]
  addresses: HotPlace[]
  departments: HotPlace[]
  heat: HeatCell[]
}

export const supervision = {
  caseBoard: () => request<CaseBoard>('GET', '/case-board'),
  lists: (kind: ListKind) =>
    request<SupervisionList[]>('GET', `/supervision-lists${query({ kind, limit: 60 })}`),
  list: (listId: number) => request<FullList>('GET', `/supervision-lists/${listId}`),
  items: (listId: number, filter: ItemFilter) =>
    request<ListItem[]>('GET', `/supervision-lists/${listId}/items${query({ ...filter })}`),
  sign: (listId: number, instruction: string, items: readonly ListItem[]) =>
    request<SupervisionList>('POST', `/supervision-lists/${listId}/sign`, {
      instruction,
      cases: items.map(({ case_no, version }) => ({ case_no, version })),
    }),
  hotTopics: (days: number) => request<HotTopics>('GET', `/hot-topics${query({ days })}`),
  joints: () => request<Joint[]>('GET', `/joints${query({ limit: 200 })}`),
}

export const LIST_KIND: Record<ListKind, string> = {
  day: '日签批',
  week: '周调度',
  month: '月分析',
}

export const AXIS: Record<Axis, string> = {
  class: '按分类',
  department: '按主办部门',
  district: '按区县',
}

export const MONTH_FIGURE: Record<MonthFigureName, string> = {
  opened: '受理量占比',
  signed_in_time: '按时签收率',
  closed_in_time: '按时办结率',
  returned: '退单率',
  rehandled: '重办率',
}

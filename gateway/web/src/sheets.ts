/** Sheets (CSV, XLSX): imports with their dry run, exports. */
import { id, query, request } from './request'

export type Sheet = 'departments' | 'categories' | 'cases'
export type ImportState = 'reading' | 'checked' | 'accepted' | 'applied' | 'discarded'

/**
 * `added` and `changed` are of the good rows, by the dry run; `applied` grows meanwhile.
 * `bad_kept`: the bad rows can be downloaded.
 */
export interface SheetImport {
  import_id: number
  sheet: Sheet
  file_name: string
  state: ImportState
  made_at: string
  made_by: string
  rows: number
  bad: number
  added: number
  changed: number
  accepted_at: string | null
  only_good: boolean
  applied: number
  finished_at: string | null
  remark: string
  bad_kept: boolean
}

/** `column` is empty for the whole row. */
export interface RowProblem {
  problem_id: number
  line: number
  column: string
  message: string
}

export const SHEET: Record<Sheet, string> = {
  departments: '部门',
  categories: '分类',
  cases: '工单',
}

export const IMPORT_STATE: Record<ImportState, string> = {
  reading: '检查中',
  checked: '待确认',
  accepted: '导入中',
  applied: '已导入',
  discarded: '已放弃',
}

/** What sheets are downloaded as. */
export const FORMATS = ['xlsx', 'csv']

/** A hundred thousand rows are checked in less than half a minute; not on every machine. */
const CHECK_TIMEOUT_MS = 300_000
export const PROBLEMS_PAGE = 200

export const sheets = {
  check: (sheet: Sheet, file: File) =>
    request<SheetImport>('POST', `/imports/${sheet}`, file, CHECK_TIMEOUT_MS),
  imports: () => request<SheetImport[]>('GET', '/imports'),
  import: (importId: number) => request<SheetImport>('GET', `/imports/${importId}`),
  problems: (importId: number, after: number) =>
    request<RowProblem[]>(
      'GET',
      `/imports/${importId}/problems${query({ after, limit: PROBLEMS_PAGE })}`,
    ),
  accept: (importId: number, onlyGood: boolean) =>
    request<SheetImport>('POST', `/imports/${importId}/accept`, { only_good: onlyGood }),
  discard: (importId: number) => request<void>('DELETE', `/imports/${importId}`),
}

/** Addresses that the browser downloads from by itself. */
export const badRowsOf = (importId: number, format: string) =>
  `/api/v1/imports/${importId}/bad-rows${query({ format })}`
export const templateOf = (sheet: Sheet, format: string) =>
  `/api/v1/imports/${id(sheet)}/template${query({ format })}`
export const exportOf = (
  sheet: Sheet,
  format: string,
  filter: Record<string, string | undefined> = {},
) => `/api/v1/exports/${id(sheet)}${query({ ...filter, format })}`

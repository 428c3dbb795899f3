/** What cases are looked for by: words stay in the URL, numbers of citizens never get there. */
import { reactive, readonly, watch } from 'vue'
import type { CaseFilter, CaseRow } from './cases'
import { request } from './request'
import { session } from './stores/session'

/** One of these. */
export interface CaseQuestion {
  text?: string
  number?: string
}

/** `more_before`: go on from there; null when everything has been looked at. */
export interface CaseFindings {
  cases: CaseRow[]
  more_before: string | null
}

type Filter = Omit<CaseFilter, 'light' | 'after' | 'limit'>

function ask(question: CaseQuestion, filter: Filter, limit: number): Promise<CaseFindings> {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined && value !== '')
  return request('POST', '/cases/search', { ...question, ...Object.fromEntries(given), limit })
}

/** One request looks at some 150 cases, so that others do not wait for it. */
const MOST_REQUESTS = 10

/**
 * A page of cases, newest first: where few of those with the words are wanted, by several requests
 * and perhaps not full. `isWanted`: whether somebody still waits for it.
 */
export async function findCases(
  question: CaseQuestion,
  filter: Filter,
  pageLength: number,
  isWanted: () => boolean,
): Promise<CaseFindings> {
  const found = await ask(question, filter, pageLength)
  for (let requests = 1; requests < MOST_REQUESTS && isWanted(); requests++) {
    if (found.more_before === null || found.cases.length >= pageLength) break
    const before = found.more_before
    const older = await ask(question, { ...filter, before }, pageLength - found.cases.length)
    found.cases.push(...older.cases)
    found.more_before = older.more_before
  }
  return found
}

const CASE_NO = /^\d{8}-\d{5,9}$/
const NUMBER = /^\+?[\d\s()（）-]{7,30}$/
const NUMBER_WITHIN = /\d(?:[\s-]?\d){6}/

/** What somebody typed: the number of a case, a question, or nothing. */
export function read(typed: string): { caseNo?: string; question?: CaseQuestion } {
  const text = typed.normalize('NFKC').trim()
  if (text === '') return {}
  if (CASE_NO.test(text)) return { caseNo: text }
  return { question: NUMBER.test(text) ? { number: text } : { text } }
}

/** Whether a question may stand in the URL. */
export const isForUrl = ({ text }: CaseQuestion) => text !== undefined && !NUMBER_WITHIN.test(text)

/** A question that must not; kept while the person looks at what was found. */
const state = reactive({ question: null as CaseQuestion | null })
export const hidden = readonly(state)

export function keepHidden(question: CaseQuestion | null): void {
  state.question = question
}

watch(
  () => session.value?.login,
  () => keepHidden(null),
)

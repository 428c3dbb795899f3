/** The dispatch suggestion (智能派单) of a form: asked for while it is written, applied on request. */
import { type Ref, onUnmounted, reactive, watch } from 'vue'
import { request } from './request'
import type { CaseForm } from './stores/desk'

interface Proposal {
  code: string
  name: string
  confidence: number
}

/** With the words of the case that speak most for it. */
export type ProposedCategory = Proposal & { words: string[] }

/** It got `cases` of `of` cases of the likeliest category in `area`; empty: anywhere. */
export type ProposedDepartment = Proposal & { area: string; cases: number; of: number }

/** POST /dispatch-suggestions: the most likely first; offered: confident enough to be shown. */
export interface Suggestion {
  suggestion_id: number | null
  model_id: number | null
  categories: ProposedCategory[]
  category_offered: boolean
  category_preselected: boolean
  departments: ProposedDepartment[]
  department_offered: boolean
  department_preselected: boolean
}

type Draft = Pick<CaseForm, 'title' | 'body' | 'address' | 'category'>

const PAUSE_MS = 500
const SHORTEST = 4

const suggest = ({ title, body, address, category }: Draft, replaces: number | null) =>
  request<Suggestion>('POST', '/dispatch-suggestions', {
    title: title.trim(),
    body: body.trim(),
    address: address.trim(),
    ...(category === '' ? {} : { category }),
    ...(replaces === null ? {} : { replaces }),
  })

interface Hands {
  category: (code: string) => void
  department: (code: string) => void
}

/**
 * What is proposed for `form`, asked anew half a second after the last change. What is sure enough
 * is chosen by `hands` where nothing is chosen yet; once per proposal, so that it can be taken back.
 */
export function useSuggestion(form: Ref<CaseForm>, hands: Hands) {
  const state = reactive({ now: null as Suggestion | null })
  const preselected = new Set<string>()
  let timer: number | undefined
  let asked = 0

  async function ask(): Promise<void> {
    const mine = ++asked
    try {
      const answer = await suggest(form.value, state.now?.suggestion_id ?? null)
      if (mine !== asked) return // the form has changed meanwhile
      state.now = answer
      preselect(answer)
    } catch {
      if (mine === asked) state.now = null // a form is written as well without: no sentence for it
    }
  }

  function preselect(answer: Suggestion): void {
    const [category, department] = [answer.categories[0], answer.departments[0]]
    if (category && answer.category_preselected && form.value.category === '')
      once(category.code, hands.category)
    else if (department && answer.department_preselected && form.value.department === '')
      once(department.code, hands.department)
  }

  function once(code: string, choose: (code: string) => void): void {
    if (preselected.has(code)) return
    preselected.add(code)
    choose(code)
  }

  /** Take the first of what is offered. */
  function accept(): void {
    const { now } = state
    if (now === null) return
    const [category, department] = [now.categories[0], now.departments[0]]
    if (category && now.category_offered) hands.category(category.code)
    if (department && now.department_offered && !form.value.atOnce) hands.department(department.code)
  }

  watch(form, () => (state.now = null), { flush: 'sync' }) // another call's form in the same place
  watch(
    () => [form.value.title, form.value.body, form.value.address, form.value.category],
    () => {
      window.clearTimeout(timer)
      const { title, body } = form.value
      if ((title + body).trim().length < SHORTEST) state.now = null
      else timer = window.setTimeout(() => void ask(), PAUSE_MS)
    },
    { immediate: true },
  )
  onUnmounted(() => window.clearTimeout(timer))
  return { state, accept }
}

/** `97%`; nothing is ever certain. */
export const confidenceWord = (confidence: number) =>
  `${Math.min(99, Math.round(100 * confidence))}%`

/** The first, and others that are worth a look. */
export const worthShowing = <T extends Proposal>(proposals: readonly T[]) =>
  proposals.filter(({ confidence }, index) => index === 0 || confidence >= 0.02)

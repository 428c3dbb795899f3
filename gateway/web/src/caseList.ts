/** A list of cases that follows the URL: filters and page are its query, changes are told live. */
import { type Ref, computed, onUnmounted, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { caseApi, type CaseFilter, type CaseRow } from './cases'
import { sentence } from './request'
import { type CaseQuestion, findCases } from './caseSearch'
import { onLive } from './live'

export const PAGE_LENGTH = 50

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Value of a query parameter, or empty. */
export function useQuery(name: string) {
  const route = useRoute()
  return computed(() => text(route.query[name]))
}

/** Query parameters that say where a page begins; whoever filters anew begins at the first. */
export const FIRST_PAGE = { before: undefined, after: undefined }

/**
 * The cases that `filter` asks for: newest first, from the URL's `before` on; of a light the most
 * pressing first, from behind the case `after`. With a `question` those that answer it, newest first.
 */
export function useCaseList(
  filter: Ref<Omit<CaseFilter, 'limit' | 'before' | 'after'>>,
  question: Ref<CaseQuestion | null> = ref(null),
) {
  const route = useRoute()
  const before = useQuery('before')
  const after = useQuery('after')
  const isFirst = computed(() => before.value === '' && after.value === '')
  const rows = ref<CaseRow[]>([])
  /** Where the next page begins, of a list sorted by registration. */
  const moreBefore = ref<string | null>(null)
  const problem = ref('')
  const loading = ref(false)
  let asked = 0

  async function read() {
    const wanted = { ...filter.value, before: before.value, limit: PAGE_LENGTH }
    if (question.value !== null) {
      if (wanted.light) throw new Error('查找时不能同时按时限筛选，请先取消其中一项。')
      const { light: _, ...filters } = wanted
      return findCases(question.value, filters)
    }
    const cases = await caseApi.list({ ...wanted, after: after.value })
    const isFull = cases.length === PAGE_LENGTH
    return { cases, more_before: isFull ? (cases.at(-1)?.opened_at ?? null) : null }
  }

  async function load() {
    const mine = ++asked
    loading.value = true
    try {
      const answer = await read()
      if (mine !== asked) return // a newer filter asks
      rows.value = answer.cases
      moreBefore.value = answer.more_before
      problem.value = ''
    } catch (error) {
      if (mine !== asked) return
      problem.value = sentence(error)
    }
    loading.value = false
  }

  watch([filter, question, before, after], load, { immediate: true, deep: true })
  onUnmounted(
    onLive(({ name }) => {
      const follows = isFirst.value && question.value === null
      if ((name === 'hello' || name.startsWith('case.')) && follows) void load()
    }),
  )

  const hasMore = computed(() => moreBefore.value !== null)
  /** A search that ended before its page was full: until when it has looked. */
  const stoppedAt = computed(() => (rows.value.length < PAGE_LENGTH ? moreBefore.value : null))
  const more = computed(() => {
    const last = rows.value.at(-1)
    const place = filter.value.light ? { after: last?.case_no } : { before: moreBefore.value ?? undefined }
    return { query: { ...route.query, ...place } }
  })
  const first = computed(() => ({ query: { ...route.query, ...FIRST_PAGE } }))
  const pager = computed(() => ({
    isFirst: isFirst.value,
    hasMore: hasMore.value,
    more: more.value,
    first: first.value,
    words: filter.value.light ? ['最急', '更多'] : ['最新', '更早'],
  }))
  return { rows, stoppedAt, problem, loading, load, pager }
}

/** A list of cases that follows the URL: filters and page are its query, changes are told live. */
import { type Ref, computed, ref, watch } from 'vue'
import { caseApi, type CaseFilter, type CaseRow } from './cases'
import { type CaseQuestion, findCases } from './caseSearch'
import { useLoading } from './loading'
import { usePager, useQuery } from './paging'
import { ofCases, useRefresher } from './refreshing'

const PAGE_LENGTH = 50
const SHORTEST_MS = 1_000

/**
 * The cases that `filter` asks for: newest first, from the URL's `before` on; of a light the most
 * pressing first, from behind the case `after`. With a `question` those that answer it, newest first.
 */
export function useCaseList(
  filter: Ref<Omit<CaseFilter, 'limit' | 'before' | 'after'>>,
  question: Ref<CaseQuestion | null> = ref(null),
) {
  const before = useQuery('before')
  const after = useQuery('after')
  const isFirst = computed(() => before.value === '' && after.value === '')
  const rows = ref<CaseRow[]>([])
  /** Where the next page begins, of a list sorted by registration. */
  const moreBefore = ref<string | null>(null)

  async function read(isWanted: () => boolean) {
    const wanted = { ...filter.value, before: before.value }
    if (question.value !== null) {
      if (wanted.light) throw new Error('查找时不能同时按时限筛选，请先取消其中一项。')
      const { light: _, ...filters } = wanted
      return findCases(question.value, filters, PAGE_LENGTH, isWanted)
    }
    const cases = await caseApi.list({ ...wanted, after: after.value, limit: PAGE_LENGTH })
    const isFull = cases.length === PAGE_LENGTH
    return { cases, more_before: isFull ? (cases.at(-1)?.opened_at ?? null) : null }
  }

  const { problem, loading, load } = useLoading(read, (answer) => {
    rows.value = answer.cases
    moreBefore.value = answer.more_before
  })

  watch([filter, question, before, after], load, { immediate: true, deep: true })
  const follows = () => isFirst.value && question.value === null
  useRefresher(load, (event) => follows() && ofCases(event), SHORTEST_MS)

  /** A search that ended before its page was full: until when it has looked. */
  const stoppedAt = computed(() => (rows.value.length < PAGE_LENGTH ? moreBefore.value : null))
  const pager = usePager(
    () => {
      if (moreBefore.value === null) return null
      return filter.value.light
        ? { after: rows.value.at(-1)?.case_no }
        : { before: moreBefore.value }
    },
    () => (filter.value.light ? ['最急', '更多'] : ['最新', '更早']),
  )
  return { rows, stoppedAt, problem, loading, load, pager }
}

/** A list of cases that follows the URL: filters and page are its query, changes are told live. */
import { type Ref, computed, onUnmounted, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { api } from './api'
import { sentence } from './request'
import { onLive } from './live'
import type { CaseFilter, CaseRow } from './model'

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
 * pressing first, from behind the case `after`.
 */
export function useCaseList(filter: Ref<Omit<CaseFilter, 'limit' | 'before' | 'after'>>) {
  const route = useRoute()
  const before = useQuery('before')
  const after = useQuery('after')
  const isFirst = computed(() => before.value === '' && after.value === '')
  const rows = ref<CaseRow[]>([])
  const problem = ref('')
  const loading = ref(false)
  let asked = 0

  async function load() {
    const mine = ++asked
    loading.value = true
    try {
      const wanted = {
        ...filter.value,
        before: before.value,
        after: after.value,
        limit: PAGE_LENGTH,
      }
      const answer = await api.cases(wanted)
      if (mine !== asked) return // a newer filter asks
      rows.value = answer
      problem.value = ''
    } catch (error) {
      if (mine !== asked) return
      problem.value = sentence(error)
    }
    loading.value = false
  }

  watch([filter, before, after], load, { immediate: true, deep: true })
  onUnmounted(
    onLive(({ name }) => {
      if ((name === 'hello' || name.startsWith('case.')) && isFirst.value) void load()
    }),
  )

  const isFull = computed(() => rows.value.length === PAGE_LENGTH)
  const more = computed(() => {
    const last = rows.value.at(-1)
    const place = filter.value.light ? { after: last?.case_no } : { before: last?.opened_at }
    return { query: { ...route.query, ...place } }
  })
  const first = computed(() => ({ query: { ...route.query, ...FIRST_PAGE } }))
  const pager = computed(() => ({
    isFirst: isFirst.value,
    isFull: isFull.value,
    more: more.value,
    first: first.value,
    words: filter.value.light ? ['最急', '更多'] : ['最新', '更早'],
  }))
  return { rows, problem, loading, load, pager }
}

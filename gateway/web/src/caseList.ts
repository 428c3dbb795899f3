/** A list of cases that follows the URL: filters and page are its query, changes are told live. */
import { type Ref, computed, onUnmounted, ref, watch } from 'vue'
import { useRoute } from 'vue-router'
import { api, sentence } from './api'
import { onLive } from './live'
import type { CaseFilter, CaseRow } from './model'

export const PAGE_LENGTH = 50

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Value of a query parameter, or empty. */
export function useQuery(name: string) {
  const route = useRoute()
  return computed(() => text(route.query[name]))
}

/** The cases that `filter` asks for, newest first, from the URL's `before` on. */
export function useCaseList(filter: Ref<Omit<CaseFilter, 'limit' | 'before'>>) {
  const route = useRoute()
  const before = useQuery('before')
  const rows = ref<CaseRow[]>([])
  const problem = ref('')
  const loading = ref(false)
  let asked = 0

  async function load() {
    const mine = ++asked
    loading.value = true
    try {
      const wanted = { ...filter.value, before: before.value, limit: PAGE_LENGTH }
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

  watch([filter, before], load, { immediate: true, deep: true })
  onUnmounted(
    onLive(({ name }) => {
      if ((name === 'hello' || name.startsWith('case.')) && before.value === '') void load()
    }),
  )

  const isFull = computed(() => rows.value.length === PAGE_LENGTH)
  const older = computed(() => ({
    query: { ...route.query, before: rows.value.at(-1)?.opened_at },
  }))
  const newest = computed(() => ({ query: { ...route.query, before: undefined } }))
  return { rows, problem, loading, load, before, isFull, older, newest }
}

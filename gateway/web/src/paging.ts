/** Lists that follow the URL: their filters and where their page begins are its query. */
import { computed } from 'vue'
import { useRoute } from 'vue-router'

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Value of a query parameter, or empty. */
export function useQuery(name: string) {
  const route = useRoute()
  return computed(() => text(route.query[name]))
}

/** Query parameters that say where a page begins; whoever filters anew begins at the first. */
export const FIRST_PAGE = { before: undefined, after: undefined }

type Place = Partial<Record<keyof typeof FIRST_PAGE, string | number>>

/**
 * Props of `Pager`: `next` is where the next page begins, null where there is none; `words` are
 * those for the first page and for the next one.
 */
export function usePager(next: () => Place | null, words: () => [string, string]) {
  const route = useRoute()
  const before = useQuery('before')
  const after = useQuery('after')
  return computed(() => {
    const place = next()
    const isFirst = before.value === '' && after.value === ''
    return {
      first: isFirst ? null : { query: { ...route.query, ...FIRST_PAGE } },
      next: place && { query: { ...route.query, ...place } },
      words: words(),
    }
  })
}

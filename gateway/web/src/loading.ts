/** What a page reads: loading, and then perhaps with a problem in place of what it shows. */
import { type Ref, ref } from 'vue'
import { sentence } from './request'

/**
 * `take` gets what `ask` answers; when it is asked again meanwhile, the newest answer alone: `ask` may
 * look whether its own is still wanted.
 */
export function useLoading<T>(
  ask: (isWanted: () => boolean) => Promise<T>,
  take: (answer: T) => void,
) {
  const problem = ref('')
  const loading = ref(true)
  let asked = 0

  async function load(): Promise<void> {
    const mine = ++asked
    loading.value = true
    try {
      const answer = await ask(() => mine === asked)
      if (mine !== asked) return
      take(answer)
      problem.value = ''
    } catch (error) {
      if (mine !== asked) return
      problem.value = sentence(error)
    }
    loading.value = false
  }

  return { problem, loading, load }
}

/** A list that grows at its end: `ask` for at most `length` rows behind `last`, or the first ones. */
export function useGrowingList<Row>(length: number, ask: (last?: Row) => Promise<Row[]>) {
  const rows = ref([]) as Ref<Row[]>
  /** Whether there may be more. */
  const isFull = ref(false)
  let last: Row | undefined

  const { problem, loading, load: read } = useLoading(
    () => ask(last),
    (found) => {
      rows.value = last === undefined ? found : [...rows.value, ...found]
      isFull.value = found.length === length
    },
  )

  function load(): Promise<void> {
    last = undefined
    return read()
  }

  function loadMore(): Promise<void> {
    last = rows.value.at(-1)
    return read()
  }

  return { rows, isFull, problem, loading, load, loadMore }
}

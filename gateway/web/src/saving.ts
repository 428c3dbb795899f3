/** What a form is while it is sent: busy, and then perhaps with a problem at some of its fields. */
import { ref } from 'vue'
import { type FieldError, Problem, sentence } from './request'

export function useSaving(saved: () => void) {
  const busy = ref(false)
  const problem = ref('')
  const wrong = ref<readonly FieldError[]>([])

  /** Send with `work` unless something is `missing`; what the server refuses is said at its field. */
  async function save(missing: readonly FieldError[], work: () => Promise<unknown>) {
    if (busy.value) return
    problem.value = ''
    wrong.value = missing
    if (missing.length > 0) return
    busy.value = true
    try {
      await work()
      saved()
    } catch (error) {
      problem.value = sentence(error)
      if (error instanceof Problem) wrong.value = error.fields
    } finally {
      busy.value = false
    }
  }

  const wrongAt = (field: string) =>
    wrong.value.find((it) => it.field.split('.')[0] === field)?.message
  return { busy, problem, wrongAt, save }
}

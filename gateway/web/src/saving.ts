/** What a form is while it is sent: busy, and then perhaps with a problem at some of its fields. */
import { nextTick, ref } from 'vue'
import { type FieldError, Problem, sentence } from './request'

/** A field, what is to be said of it, and whether that holds. */
type Check = FieldError & { is: boolean }

export function useSaving() {
  const busy = ref(false)
  const problem = ref('')
  const wrong = ref<readonly FieldError[]>([])

  /** Say what is wrong at each field; the first of them gets the keyboard. */
  async function show(fields: readonly FieldError[], form: ParentNode) {
    wrong.value = fields
    await nextTick()
    form.querySelector<HTMLElement>('.wrong input, .wrong textarea')?.focus()
  }

  /**
   * Send with `work` unless something is missing by `checks`; what the server refuses is said at its
   * field. The failure, or null when it is done or was not sent.
   */
  async function save(checks: readonly Check[], work: () => Promise<void>): Promise<unknown> {
    if (busy.value) return null
    const form = document.activeElement?.closest('form') ?? document
    problem.value = ''
    const missing = checks.filter((it) => it.is)
    await show(missing, form)
    if (missing.length > 0) return null
    busy.value = true
    try {
      await work()
      return null
    } catch (error) {
      problem.value = sentence(error)
      await show(error instanceof Problem ? error.fields : [], form)
      return error
    } finally {
      busy.value = false
    }
  }

  /** As before anything was sent: of a form that is opened again. */
  function forget(): void {
    problem.value = ''
    wrong.value = []
  }

  const wrongAt = (field: string) =>
    wrong.value.find((it) => it.field.split('.')[0] === field)?.message
  return { busy, problem, wrongAt, save, forget }
}

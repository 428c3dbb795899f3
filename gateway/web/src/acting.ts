/** Commands that are given without a form: one at a time, a failure is complained about. */
import { computed, ref } from 'vue'
import { complain } from './dialogs'

export function useActing() {
  const given = ref<string | null>(null)
  const busy = computed(() => given.value !== null)

  /** Give a command, unless one is under way; whether it was done. */
  async function act(work: () => Promise<unknown>, name = ''): Promise<boolean> {
    if (busy.value) return false
    given.value = name
    try {
      await work()
      return true
    } catch (error) {
      complain(error)
      return false
    } finally {
      given.value = null
    }
  }

  return { busy, given, act }
}

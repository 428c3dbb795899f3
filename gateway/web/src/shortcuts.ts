/** Keys of the workbench: Alt + a pinyin initial, by key position so that no input method is in the way. */
import { onMounted, onUnmounted } from 'vue'

/** While the component is shown, `Alt+J` or `Escape` runs its action, even from a field. */
export function useShortcuts(actions: Record<string, () => void>): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing || event.repeat || event.ctrlKey || event.shiftKey) return
    const action = actions[keyName(event)]
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => window.removeEventListener('keydown', onKey))
}

function keyName(event: KeyboardEvent): string {
  const key = event.code.replace('Key', '')
  return event.altKey ? `Alt+${key}` : key
}

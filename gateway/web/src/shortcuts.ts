/** Keys of the workbench: Alt + a pinyin initial, by key position so that no input method is in the way. */
import { onMounted, onUnmounted } from 'vue'

/** While the component is shown, `Alt+letter` (or `Ctrl+Enter`) runs its action, even from a field. */
export function useShortcuts(actions: Record<string, () => void>): void {
  const onKey = (event: KeyboardEvent) => {
    if (event.isComposing || event.repeat || event.shiftKey || event.metaKey) return
    const action = actions[keyName(event)]
    if (action === undefined) return
    event.preventDefault()
    action()
  }
  onMounted(() => window.addEventListener('keydown', onKey))
  onUnmounted(() => window.removeEventListener('keydown', onKey))
}

function keyName(event: KeyboardEvent): string {
  const key = event.code.replace('Key', '').replace('NumpadEnter', 'Enter')
  if (event.altKey && !event.ctrlKey) return `Alt+${key}`
  return event.ctrlKey && !event.altKey ? `Ctrl+${key}` : key
}

/** Short questions and notices over the page. */
import { ElMessage, ElMessageBox } from 'element-plus'
import { sentence } from './request'

/** Below everything that is clicked or typed into. */
const place = { placement: 'bottom-left', offset: 12, grouping: true } as const

export function notice(text: string): void {
  ElMessage({ message: text, type: 'success', ...place })
}

export function complain(error: unknown): void {
  ElMessage({ message: sentence(error), type: 'error', duration: 6000, ...place })
}

/** What the person wrote; `null` when he thought better of it. */
export async function asked(question: string, title: string, yes: string): Promise<string | null> {
  try {
    const { value } = await ElMessageBox.prompt(question, title, {
      confirmButtonText: yes,
      cancelButtonText: '取消',
      inputValidator: (text) => (text ?? '').trim() !== '' || '请填写',
    })
    return value.trim()
  } catch {
    return null // closed or cancelled: the box has no other way of failing
  }
}

/** True when the person agrees. */
export async function agreed(question: string, title: string, yes: string): Promise<boolean> {
  try {
    await ElMessageBox.confirm(question, title, {
      confirmButtonText: yes,
      cancelButtonText: '取消',
      type: 'warning',
    })
    return true
  } catch {
    return false // closed or cancelled: the box has no other way of failing
  }
}

/** Who is signed in. */
import { computed, readonly, ref } from 'vue'
import { Problem, onSignedOut } from '../request'
import { startLive, stopLive } from '../live'
import { type Session, sessionApi } from '../session'

const current = ref<Session | null>(null)
let asked: Promise<void> | null = null
let afterEnd: () => void = () => {}

export const session = readonly(current)
export const isAgent = computed(() => current.value?.role === 'agent')
export const isDepartment = computed(() => current.value?.role === 'department')
export const isSupervisor = computed(() => current.value?.role === 'supervisor')
export const isOverseer = computed(
  () => isSupervisor.value || current.value?.role === 'administrator',
)

/** `handler` runs when the session has ended without the person asking for it. */
export function onSessionEnd(handler: () => void): void {
  afterEnd = handler
}

function begin(found: Session): void {
  current.value = found
  startLive(endSession)
}

/** Ask once whether the browser still has a session. */
export function loadSession(): Promise<void> {
  asked ??= sessionApi.current().then(begin, (error: unknown) => {
    if (!(error instanceof Problem)) throw error
    asked = null // not signed in, or no answer: the login page says so when it is tried
  })
  return asked
}

/** Throws `Problem`. */
export async function logIn(login: string, password: string, newPassword?: string): Promise<void> {
  begin(await sessionApi.logIn(login, password, newPassword))
}

/** Throws `Problem`; then the session goes on. */
export async function logOut(): Promise<void> {
  await sessionApi.logOut()
  leave()
}

/** The server knows the session no more. */
export function endSession(): void {
  if (current.value === null) return
  leave()
  afterEnd()
}

onSignedOut(endSession)

function leave(): void {
  stopLive()
  current.value = null
  asked = null
}

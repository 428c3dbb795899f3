/** A request to /api/v1: JSON in and out, every failure a `Problem` with a sentence for people. */
import { learnClock } from './clock'

const BASE = '/api/v1'
const TIMEOUT_MS = 10_000
/** Of a command that is done only when somebody has picked up his phone. */
export const RINGING_TIMEOUT_MS = 45_000

export interface FieldError {
  field: string
  message: string
}

/** RFC 9457 problem of the server, or a failure on the way to it (`status` 0). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: readonly FieldError[] = [],
  ) {
    super(message)
    this.name = 'Problem'
  }
}

/** The sentence to show for anything that was thrown. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

let signedOut: () => void = () => {}

/** `handler` runs when an answer says that there is no session any more. */
export function onSignedOut(handler: () => void): void {
  signedOut = handler
}

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface Sending {
  /** A file goes as it is, everything else as JSON. */
  body?: unknown
  timeoutMs?: number
}

async function send(method: Method, path: string, sending: Sending): Promise<Response> {
  const { body, timeoutMs = TIMEOUT_MS } = sending
  const headers = new Headers({ Accept: 'application/json' })
  if (method !== 'GET') headers.set('X-Hotline', '1')
  const init: RequestInit = { method, headers, signal: AbortSignal.timeout(timeoutMs) }
  if (body instanceof Blob) {
    headers.set('Content-Type', 'application/octet-stream')
    // Not in the URL: the name of a file may hold somebody's number.
    if (body instanceof File) headers.set('X-File-Name', encodeURIComponent(body.name))
    init.body = body
  } else if (body !== undefined) {
    headers.set('Content-Type', 'application/json')
    init.body = JSON.stringify(body)
  }
  try {
    return await fetch(BASE + path, init)
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError'
    throw new Problem(0, late ? '服务器没有及时应答，请重试。' : '无法连接服务器，请检查网络后重试。')
  }
}

async function problemOf(response: Response): Promise<Problem> {
  const fallback = `服务器返回错误（${response.status}）。`
  try {
    const body = (await response.json()) as {
      title?: string
      detail?: string
      errors?: FieldError[]
    }
    return new Problem(response.status, body.detail || body.title || fallback, body.errors ?? [])
  } catch {
    return new Problem(response.status, fallback) // a proxy's page, not an answer of the gateway
  }
}

export async function request<T>(
  method: Method,
  path: string,
  body?: unknown,
  timeoutMs?: number,
): Promise<T> {
  const response = await send(method, path, timeoutMs === undefined ? { body } : { body, timeoutMs })
  learnClock(response.headers.get('Date'))
  if (!response.ok) {
    const problem = await problemOf(response)
    if (problem.status === 401 && path !== '/session') signedOut()
    throw problem
  }
  const empty = response.status === 202 || response.status === 204
  return (empty ? undefined : await response.json()) as T
}

/** `values` as the query of a path, empty where none is given. */
export const query = (values: Record<string, string | number | undefined>) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][]).toString()}`
}
/** `text` as a part of a path. */
export const id = encodeURIComponent

/** Requests to /api/v1: JSON in and out, every failure a `Problem` with a sentence for people. */
import { learnClock } from './clock'
import type * as m from './model'

const BASE = '/api/v1'
const TIMEOUT_MS = 10_000
/** Of a command that is done only when somebody has picked up his phone. */
const RINGING_TIMEOUT_MS = 45_000

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

type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

interface Sending {
  body?: unknown
  timeoutMs?: number
}

async function send(method: Method, path: string, sending: Sending): Promise<Response> {
  const { body, timeoutMs = TIMEOUT_MS } = sending
  const headers = new Headers({ Accept: 'application/json' })
  if (method !== 'GET') headers.set('X-Hotline', '1')
  if (body !== undefined) headers.set('Content-Type', 'application/json')
  const init: RequestInit = { method, headers, signal: AbortSignal.timeout(timeoutMs) }
  if (body !== undefined) init.body = JSON.stringify(body)
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

async function request<T>(
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

const query = (values: Record<string, string | number | undefined>) => {
  const given = Object.entries(values).filter(([, value]) => value !== undefined && value !== '')
  return given.length === 0 ? '' : `?${new URLSearchParams(given as [string, string][]).toString()}`
}
const id = encodeURIComponent

type SeatId = Pick<m.Seat, 'agent' | 'switchboard'>

const seatPath = ({ agent, switchboard }: SeatId, what: string) =>
  `/seats/${id(agent)}/${what}${query({ switchboard })}`

export const api = {
  session: () => request<m.Session>('GET', '/session'),
  logIn: (login: string, password: string) =>
    request<m.Session>('POST', '/session', { login, password }),
  logOut: () => request<void>('DELETE', '/session'),
  setSeat: (state: m.SeatCommand, reason?: string, extensions?: string[]) =>
    request<void>('PUT', '/seat', { state, reason, extensions }),
  seatChoices: () => request<m.SeatChoices>('GET', '/seat/choices'),
  finishWrapUp: () => request<void>('POST', '/seat/wrap-up/finish'),
  prolongWrapUp: () => request<void>('POST', '/seat/wrap-up/prolong'),
  directory: () => request<m.Directory>('GET', '/directory'),
  hangUpPhone: () => request<void>('POST', '/seat/hangup'),
  dial: (wanted: m.Dialling) => request<void>('POST', '/dial', wanted, RINGING_TIMEOUT_MS),
  control: (callId: string, command: m.CallCommand, to?: m.Destination) =>
    request<void>('POST', `/calls/${id(callId)}/${command}`, to),
  supervise: (seat: SeatId, act: m.SeatAct) =>
    request<void>('POST', seatPath(seat, act), undefined, RINGING_TIMEOUT_MS),
  forceSeat: (seat: SeatId, state: m.SeatCommand, reason?: string) =>
    request<void>(
      'PUT',
      seatPath(seat, 'state'),
      reason === undefined ? { state } : { state, reason },
    ),
  seats: () => request<m.NamedSeat[]>('GET', '/seats'),
  seatQueues: (seat: SeatId) => request<m.SeatQueues>('GET', seatPath(seat, 'queues')),
  assignQueues: (seat: SeatId, queues: readonly string[]) =>
    request<void>('PUT', seatPath(seat, 'queues'), { queues }),
  seatFigures: (asked: { start: string; end: string; step: m.FiguresStep }) =>
    request<m.SeatPeriod[]>('GET', `/seats/figures${query(asked)}`),
  calls: (limit: number) => request<m.Call[]>('GET', `/calls${query({ limit })}`),
  call: (callId: string) => request<m.CallDetail>('GET', `/calls/${id(callId)}`),
  callerHistory: (callId: string) =>
    request<m.CallerHistory>('GET', `/calls/${id(callId)}/caller`),
  ringbacks: (filter: { state: 'live' | 'closed'; limit?: number; before?: string }) =>
    request<m.Ringback[]>('GET', `/ringbacks${query(filter)}`),
  ringback: (taskId: number) => request<m.RingbackDetail>('GET', `/ringbacks/${taskId}`),
  ringBack: (taskId: number) =>
    request<void>('POST', `/ringbacks/${taskId}/dial`, undefined, RINGING_TIMEOUT_MS),
  dropRingback: (taskId: number, reason: string) =>
    request<m.Ringback>('POST', `/ringbacks/${taskId}/drop`, { reason }),
  openCase: (newCase: m.NewCase) => request<m.Case>('POST', '/cases', newCase),
  cases: (filter: m.CaseFilter) => request<m.CaseRow[]>('GET', `/cases${query({ ...filter })}`),
  inbox: () => request<{ counts: Partial<Record<m.CaseState, number>> }>('GET', '/inbox'),
  takeStep: (caseNo: string, step: string, version: number, values: m.StepValues) =>
    request<m.Case>('POST', `/cases/${id(caseNo)}/steps`, { step, version, ...values }),
  departments: () => request<m.Department[]>('GET', '/departments'),
  addDepartment: (added: m.NewDepartment) => request<m.Department>('POST', '/departments', added),
  changeDepartment: (code: string, terms: m.DepartmentTerms) =>
    request<m.Department>('PUT', `/departments/${id(code)}`, terms),
  removeDepartment: (code: string) => request<void>('DELETE', `/departments/${id(code)}`),
  categories: () => request<m.Category[]>('GET', '/categories'),
  addCategory: (added: m.NewCategory) => request<m.Category>('POST', '/categories', added),
  changeCategory: (code: string, terms: m.CategoryTerms) =>
    request<m.Category>('PUT', `/categories/${id(code)}`, terms),
  removeCategory: (code: string) => request<void>('DELETE', `/categories/${id(code)}`),
  case: (caseNo: string) => request<m.Case>('GET', `/cases/${id(caseNo)}`),
  closeCase: (caseNo: string, result: string, version: number) =>
    request<m.Case>('POST', `/cases/${id(caseNo)}/close`, { result, version }),
  callers: () => request<m.Callers>('GET', '/board/callers'),
  lines: () => request<m.Line[]>('GET', '/lines'),
  addLine: (line: m.Line) => request<m.Line>('POST', '/lines', line),
  changeLine: (number: string, terms: m.LineTerms) =>
    request<m.Line>('PUT', `/lines/${id(number)}`, terms),
  removeLine: (number: string) => request<void>('DELETE', `/lines/${id(number)}`),
  lineChanges: (asked: { number: string; limit: number; before?: number | undefined }) =>
    request<m.LineChange[]>('GET', `/lines/changes${query(asked)}`),
  board: () => request<m.Board>('GET', '/board'),
  reconciliations: (limit: number) =>
    request<m.ReconciliationRun[]>('GET', `/reconciliations${query({ limit })}`),
  differences: (runId: number) =>
    request<m.CallDifference[]>('GET', `/reconciliations/${runId}/differences`),
}

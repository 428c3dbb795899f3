/** What the pages ask of /api/v1; areas with a file of their own ask there. */
import type * as m from './model'
import { id, query, request } from './request'

/** Of a command that is done only when somebody has picked up his phone. */
const RINGING_TIMEOUT_MS = 45_000

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
  clockRules: () => request<m.ClockRule[]>('GET', '/clock-rules'),
  saveClockRule: (
    rule: Pick<m.ClockRule, 'category' | 'urgency' | 'sign' | 'close' | 'version'>,
  ) => {
    const { urgency, ...terms } = rule
    return request<m.ClockRule>('PUT', `/clock-rules/${urgency}`, terms)
  },
  withdrawClockRule: ({ urgency, category, version }: m.ClockRule) =>
    request<m.ClockRule>('POST', `/clock-rules/${urgency}/withdraw`, { category, version }),
  calendar: (year: number) => request<m.CalendarYear>('GET', `/calendar/${year}`),
  setCalendarDay: (day: string, working: boolean, name: string) =>
    request<m.CalendarDay>('PUT', `/calendar/days/${day}`, { working, name }),
  removeCalendarDay: (day: string) => request<void>('DELETE', `/calendar/days/${day}`),
  declareYear: (year: number) => request<void>('PUT', `/calendar/${year}`),
  withdrawYear: (year: number) => request<void>('DELETE', `/calendar/${year}`),
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

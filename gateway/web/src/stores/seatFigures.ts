/** Rows of seats' figures: columns, order and sums, worked out of what the API answered. */
import type { Rate } from '../figures'
import type { SeatPeriod } from '../seats'

/** Seconds that every row has, in the order in which they are shown. */
export const TIMES = {
  logged_in_s: '签入时长',
  ready_s: '就绪',
  ringing_s: '振铃',
  talking_s: '通话',
  hold_s: '保持',
  wrap_up_s: '话后处理',
  unreachable_s: '话机离线',
  not_ready_s: '示忙合计',
} as const

export const RATES = { occupancy: '繁忙率', seat_utilization: '坐席利用率' } as const

export type Time = keyof typeof TIMES
export type RateName = keyof typeof RATES
export type Figures = Pick<SeatPeriod, Time | RateName | 'not_ready_by_reason'>

/** A sort key for the time of one reason of not ready. */
export const reasonKey = (reason: string) => `reason:${reason}`

/** The reasons that occur, those that took most time first. */
export function reasonsOf(rows: readonly SeatPeriod[]): string[] {
  const spent = new Map<string, number>()
  for (const row of rows)
    for (const [reason, seconds] of Object.entries(row.not_ready_by_reason))
      spent.set(reason, (spent.get(reason) ?? 0) + seconds)
  return [...spent.keys()].sort((one, other) => (spent.get(other) ?? 0) - (spent.get(one) ?? 0))
}

const isTime = (key: string): key is Time => key in TIMES
const isRate = (key: string): key is RateName => key in RATES

/** What a row is sorted by; null where there is no data. */
function valueOf(row: SeatPeriod, key: string): number | null {
  if (isTime(key)) return row[key]
  if (isRate(key)) return row[key].rate
  return row.not_ready_by_reason[key.slice(reasonKey('').length)] ?? 0
}

const bySeat = (one: SeatPeriod, other: SeatPeriod) =>
  one.agent.localeCompare(other.agent, 'zh-CN', { numeric: true }) ||
  one.switchboard.localeCompare(other.switchboard) ||
  one.start.localeCompare(other.start)

/** By `key`, or by seat and time for any that is none; rows without data come last either way. */
export function sorted(
  rows: readonly SeatPeriod[],
  key: string,
  descending: boolean,
): SeatPeriod[] {
  const sign = descending ? -1 : 1
  const known = isTime(key) || isRate(key) || key.startsWith(reasonKey(''))
  if (!known) return [...rows].sort((one, other) => sign * bySeat(one, other))
  return [...rows].sort((one, other) => {
    const [a, b] = [valueOf(one, key), valueOf(other, key)]
    if (a === null || b === null) return Number(a === null) - Number(b === null)
    return sign * (a - b) || bySeat(one, other)
  })
}

const sum = (numbers: number[]) => numbers.reduce((all, one) => all + one, 0)

function rateOf(rates: Rate[]): Rate {
  const numerator = sum(rates.map((rate) => rate.numerator))
  const denominator = sum(rates.map((rate) => rate.denominator))
  return { numerator, denominator, rate: denominator === 0 ? null : numerator / denominator }
}

/** All rows together: rates of the sums, not means of the rates. */
export function totalOf(rows: readonly SeatPeriod[]): Figures {
  const times = Object.fromEntries(
    (Object.keys(TIMES) as Time[]).map((key) => [key, sum(rows.map((row) => row[key]))]),
  ) as Record<Time, number>
  const reasons = reasonsOf(rows).map(
    (reason) => [reason, sum(rows.map((row) => row.not_ready_by_reason[reason] ?? 0))] as const,
  )
  return {
    ...times,
    not_ready_by_reason: Object.fromEntries(reasons),
    occupancy: rateOf(rows.map((row) => row.occupancy)),
    seat_utilization: rateOf(rows.map((row) => row.seat_utilization)),
  }
}

/** Days of the city (Asia/Shanghai, +08:00 all year) as `2026-11-23`, and periods made of them. */

const format = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Asia/Shanghai' })
const DAY_MS = 86_400_000

export type PeriodName = 'today' | 'yesterday' | 'week'

/** From the beginning of `from` to the end of `to`. */
export interface Days {
  from: string
  to: string
}

export const cityDay = (ms: number) => format.format(ms)

const beginning = (day: string) => Date.parse(`${day}T00:00:00+08:00`)

const shifted = (day: string, days: number) => cityDay(beginning(day) + days * DAY_MS)

/** Whether it is a day of the calendar. */
export const isDay = (day: string) =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(beginning(day)) && shifted(day, 0) === day

export function daysOf(name: PeriodName, today: string): Days {
  if (name === 'today') return { from: today, to: today }
  if (name === 'yesterday') return { from: shifted(today, -1), to: shifted(today, -1) }
  return { from: shifted(today, -6), to: today }
}

/** How many days, both ends included. */
export const lengthOf = ({ from, to }: Days) =>
  Math.round((beginning(to) - beginning(from)) / DAY_MS) + 1

/** The instants at which it begins and ends. */
export const instantsOf = ({ from, to }: Days) => ({
  start: new Date(beginning(from)).toISOString(),
  end: new Date(beginning(to) + DAY_MS).toISOString(),
})

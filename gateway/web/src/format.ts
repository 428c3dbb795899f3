/** Values as people read them; clock times are those of Asia/Shanghai wherever the page is open. */
import type { Rate } from './figures'

const zone = 'Asia/Shanghai'
const timeFormat = new Intl.DateTimeFormat('zh-CN', {
  timeZone: zone,
  hour: '2-digit',
  minute: '2-digit',
  hour12: false,
})
const secondsFormat = new Intl.DateTimeFormat('zh-CN', {
  timeZone: zone,
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})
const dayFormat = new Intl.DateTimeFormat('sv-SE', { timeZone: zone })

/** `09:05` */
export const time = (iso: string) => timeFormat.format(new Date(iso))

/** `09:05:07` */
export const timeWithSeconds = (iso: string) => secondsFormat.format(new Date(iso))

/** `2026-11-23 09:05` */
export const dayTime = (iso: string) => `${dayFormat.format(new Date(iso))} ${time(iso)}`

/** `09:05` today, else `11-22 09:05`. */
export function shortTime(iso: string): string {
  const day = dayFormat.format(new Date(iso))
  return day === dayFormat.format(new Date()) ? time(iso) : `${day.slice(5)} ${time(iso)}`
}

/** `02:07`, from an hour on `1:02:07`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  const two = (n: number) => String(n).padStart(2, '0')
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${two(m)}:${two(s)}`
}

export const NO_DATA = '无数据'

/** `95.24%`; a rate over nothing is no data, neither 0 % nor 100 %. */
export function percent(rate: Rate | undefined, digits = 2): string {
  return rate?.rate == null ? NO_DATA : `${(rate.rate * 100).toFixed(digits)}%`
}

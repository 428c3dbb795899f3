/** Webhooks (推送): destinations, and events on their way to them. */
import { query, request } from './request'
import { stepWord } from './words'

export interface Webhook {
  destination_id: number
  name: string
  url: string
  events: string[]
  active: boolean
  inactive_reason: '' | 'person' | 'gone'
  created_at: string
  waiting: number
  oldest_at: string | null
  dead: number
}

export type WebhookWithSecret = Webhook & { secret: string }
export type NewWebhook = Pick<Webhook, 'name' | 'url' | 'events'> & { secret?: string }
export type WebhookTerms = Pick<Webhook, 'name' | 'url' | 'events' | 'active'>

export type DeliveryState = 'dead' | 'waiting' | 'delivered' | 'discarded'

export interface Delivery {
  delivery_id: number
  state: DeliveryState
  event_id: string
  event: string
  at: string
  case_no: string
  attempts: number
  enqueued_at: string
  ended_at: string | null
  due_at: string | null
  behind: number
  attempt: {
    at: string
    outcome: string
    status: number | null
    error: string
    excerpt: string
  } | null
}

export const webhookApi = {
  all: () => request<{ destinations: Webhook[]; events: string[] }>('GET', '/webhooks'),
  add: (added: NewWebhook) => request<WebhookWithSecret>('POST', '/webhooks', added),
  change: (id: number, terms: WebhookTerms) => request<Webhook>('PUT', `/webhooks/${id}`, terms),
  remove: (id: number) => request<void>('DELETE', `/webhooks/${id}`),
  newSecret: (id: number) => request<WebhookWithSecret>('POST', `/webhooks/${id}/secret`, {}),
  deliveries: (id: number, asked: { state: DeliveryState; limit: number; before?: number }) =>
    request<Delivery[]>('GET', `/webhooks/${id}/deliveries${query(asked)}`),
  resendAll: (id: number) => request<{ resent: number }>('POST', `/webhooks/${id}/resend`),
  resend: (delivery: number) => request<void>('POST', `/webhook-deliveries/${delivery}/resend`),
  discard: (delivery: number, reason: string) =>
    request<void>('POST', `/webhook-deliveries/${delivery}/discard`, { reason }),
}

export const DELIVERY_STATE: Record<DeliveryState, string> = {
  dead: '死信',
  waiting: '待推送',
  delivered: '已送达',
  discarded: '已放弃',
}

const FAILURE: Record<string, string> = {
  refused_address: '地址不被允许',
  timeout: '对方未及时应答',
  tls: '证书或加密连接有误',
  connection: '连接失败或被中断',
  redirect: '对方要求转向，不予跟随',
  status: '对方返回错误',
}

/** What came of the newest attempt. */
export function attemptWord({ attempt }: Pick<Delivery, 'attempt'>): string {
  if (attempt === null) return '尚未尝试'
  if (attempt.outcome === 'delivered') return `成功（${attempt.status}）`
  const what = FAILURE[attempt.error] ?? attempt.error
  return attempt.status === null ? what : `${what}（${attempt.status}）`
}

const EVENT: Record<string, string> = {
  'case.opened': '登记',
  'case.reminded': '临期提醒',
  'case.overdue': '超期',
}

/** Names of events that are steps of cases have the words of those. */
export const eventWord = (event: string) => EVENT[event] ?? stepWord(event.replace('case.', ''))

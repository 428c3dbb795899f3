/** Messages to citizens (短信通知): their words, and those that did not arrive. */
import { query, request } from './request'
import { attemptWord, type Delivery } from './webhooks'

export type NoticeKind = 'accepted' | 'closed'
/** States in which a notice did not arrive and is not tried any more. */
export type DeadState = 'refused' | 'expired'
export type NoticeState = DeadState | 'waiting' | 'sent'

export interface Notice {
  notice_id: number
  state: NoticeState
  kind: NoticeKind
  case_no: string
  text: string
  at: string
  expires_at: string
  ended_at: string | null
  attempts: number
  attempt: Delivery['attempt']
}

export interface NoticeTemplate {
  kind: NoticeKind | 'enquiry'
  text: string
  active: boolean
  changed_at: string | null
}

export type TemplateTerms = Pick<NoticeTemplate, 'text' | 'active'>

export const noticeApi = {
  list: (asked: { state: NoticeState; limit: number; before?: number }) =>
    request<{ sending: boolean; notices: Notice[] }>('GET', `/notices${query(asked)}`),
  resend: (id: number) => request<void>('POST', `/notices/${id}/resend`),
  resendAll: (state: DeadState) =>
    request<{ resent: number; more: boolean }>('POST', '/notices/resend', { state }),
  templates: () => request<NoticeTemplate[]>('GET', '/notice-templates'),
  change: (kind: NoticeTemplate['kind'], terms: TemplateTerms) =>
    request<NoticeTemplate>('PUT', `/notice-templates/${kind}`, terms),
}

export const NOTICE_STATE: Record<NoticeState, string> = {
  refused: '被拒绝',
  expired: '已过期',
  waiting: '待发送',
  sent: '已发送',
}

/** Why the messages of a state have not arrived. */
export const DEAD_MEANS: Record<DeadState, string> = {
  refused: '短信网关拒绝接收，不再自动尝试；查明原因后可以重发。',
  expired: '一天内未能送出，已停止尝试；重发后再试一天。',
}

export const TEMPLATE: Record<NoticeTemplate['kind'], string> = {
  accepted: '受理',
  closed: '办结',
  enquiry: '查询提示',
}

/** What came of the newest attempt. */
export function triedWord({ attempt }: Notice): string {
  if (attempt?.outcome === 'sent') return `成功（${attempt.status}）`
  if (attempt?.outcome === 'expired') return '超过一天，不再发送'
  return attemptWord({ attempt })
}

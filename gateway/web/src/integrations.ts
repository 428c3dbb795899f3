/** Other systems that may speak to the hotline, and what citizens ask: types, requests, words. */
import type { CaseSource, CaseState } from './cases'
import { request } from './request'

export type Channel = Exclude<CaseSource, 'phone'>
export type Scope = 'inbound' | 'open311'

export interface KeyTerms {
  name: string
  channel: Channel
  scopes: Scope[]
}

export interface ApiKey extends KeyTerms {
  key_id: number
  active: boolean
  /** Under this name its cases are opened. */
  login: string
  /** What its key begins with. */
  prefix: string
  created_at: string
  created_by: string
  last_used_on: string | null
}

/** Told once, when it is made. */
export interface NewKey extends ApiKey {
  secret: string
}

export interface Progress {
  case_no: string
  state: CaseState
  confidential: boolean
  opened_at: string
  closed_at: string | null
  department: string | null
  reply: string
}

export const SCOPE: Record<Scope, string> = {
  inbound: '工单报送接口',
  open311: 'Open311 接口',
}

export const integrations = {
  keys: () => request<ApiKey[]>('GET', '/api-keys'),
  add: (terms: KeyTerms) => request<NewKey>('POST', '/api-keys', terms),
  change: (key: ApiKey, terms: KeyTerms & { active: boolean }) =>
    request<ApiKey>('PUT', `/api-keys/${key.key_id}`, terms),
  renew: (key: ApiKey) => request<NewKey>('POST', `/api-keys/${key.key_id}/renew`),
  progress: (case_no: string, digits: string) =>
    request<Progress>('POST', '/enquiries', { case_no, digits }),
}

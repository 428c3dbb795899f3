/** People's suggestions (人民建议征集): shapes of the API, its requests, words of its codes. */
import type { CaseRow, CaseState } from './cases'
import type { Rate } from './figures'
import { query, request } from './request'
import type { Named } from './trees'

export type Adoption = 'adopted' | 'partly' | 'not'
export type Stage = 'unscreened' | 'valid' | 'invalid' | 'unhandled' | 'handled'

export interface CampaignTerms {
  title: string
  topic: string
  first_day: string
  last_day: string
}

export interface Campaign extends CampaignTerms {
  campaign_id: number
  version: number
  suggestions: number
  screened: number
  valid: number
  handled_rate: Rate
  adoption_rate: Rate
}

export interface Campaigns {
  year: number
  begun: number
  wanted: number
  campaigns: Campaign[]
}

export interface Suggestion {
  case_no: string
  title: string
  state: CaseState
  confidential: boolean
  tied_at: string
  tied_by: string
  /** Null before it is screened. */
  valid: boolean | null
  screened_because: string
  adoption: Adoption | null
  adopted_because: string
  department: Named | null
  version: number
}

const path = (campaignId: number, what = '') => `/campaigns/${campaignId}${what}`

export const campaignApi = {
  all: () => request<Campaigns>('GET', '/campaigns'),
  add: (terms: CampaignTerms) => request<Campaign>('POST', '/campaigns', terms),
  change: (campaignId: number, terms: CampaignTerms, version: number) =>
    request<Campaign>('PUT', path(campaignId), { ...terms, version }),
  suggestions: (campaignId: number, filter: { stage: string; after?: string; limit: number }) =>
    request<Suggestion[]>('GET', path(campaignId, `/suggestions${query({ ...filter })}`)),
  candidates: (campaignId: number) =>
    request<CaseRow[]>('GET', path(campaignId, `/candidates${query({ limit: 50 })}`)),
  tie: (campaignId: number, case_no: string) =>
    request<Campaign>('POST', path(campaignId, '/suggestions'), { case_no }),
  screen: (campaignId: number, of: Suggestion, valid: boolean, because: string) =>
    request<Suggestion>('PUT', path(campaignId, `/suggestions/${of.case_no}/screening`), {
      valid,
      because,
      version: of.version,
    }),
  decide: (
    campaignId: number,
    of: Suggestion,
    decision: { adoption: Adoption; because: string; department: string },
  ) =>
    request<Suggestion>('PUT', path(campaignId, `/suggestions/${of.case_no}/adoption`), {
      ...decision,
      version: of.version,
    }),
}

export const ADOPTION: Record<Adoption, string> = {
  adopted: '采纳',
  partly: '部分采纳',
  not: '未采纳',
}

export const STAGE: Record<Stage, string> = {
  unscreened: '待筛选',
  unhandled: '待答复',
  handled: '已答复',
  valid: '有效',
  invalid: '无效',
}

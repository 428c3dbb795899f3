/** The knowledge base (知识库): its types, what the pages ask of it, its words. */
import { id, query, request } from './request'
import type { Named } from './trees'

export type ArticleState =
  | 'draft'
  | 'in_review'
  | 'published'
  | 'replaced'
  | 'withdrawn'
  | 'discarded'
export type ArticleStep =
  | 'submitted'
  | 'taken_back'
  | 'refused'
  | 'approved'
  | 'discarded'
  | 'confirmed'
  | 'withdrawn'
export type ArticleNeed = 'note' | 'review_due'
export type Shelf = 'published' | 'draft' | 'in_review' | 'withdrawn' | 'due'
export type FeedbackKind = 'wrong' | 'missing' | 'unclear'
export type Settlement = 'accepted' | 'rejected'

/** Days are those of the city, `2026-11-23`. */
export interface VersionRow {
  article_id: number
  version: number
  state: ArticleState
  title: string
  department: Named
  category: Named | null
  valid_from: string
  valid_until: string | null
  /** People may be answered with it today. */
  valid: boolean
  review_due: string
  writers: string[]
  approved_by: string | null
  published_at: string | null
  changed_at: string
}

export interface ArticleVersion extends VersionRow {
  body: string
}

export interface AllowedArticleStep {
  step: ArticleStep
  version: number
  needs: ArticleNeed | null
}

export interface Article {
  article_id: number
  revision: number
  shown: ArticleVersion
  draft: ArticleVersion | null
  versions: VersionRow[]
  may_write: boolean
  allowed: AllowedArticleStep[]
  history: { version: number; at: string; actor: string; step: string; note: string }[]
}

export interface ArticleText {
  title: string
  body: string
  department: string
  category?: string
  valid_from: string
  valid_until?: string
  review_due: string
}

export interface Question {
  text: string
  department?: string
  category?: string
  also_invalid?: boolean
  any_word?: boolean
}

export interface FoundArticle extends VersionRow {
  excerpt: string
}

export interface Found {
  terms: string[]
  all_words: boolean
  count: number
  articles: FoundArticle[]
}

export interface CaseArticle {
  article_id: number
  version: number
  title: string
  state: ArticleState
  linked_by: string
  linked_at: string
}

export interface Feedback {
  feedback_id: number
  article_id: number | null
  version: number | null
  title: string | null
  department: Named | null
  kind: FeedbackKind
  words: string
  text: string
  given_by: string
  given_at: string
  outcome: Settlement | null
  answer: string
  settled_by: string | null
  settled_at: string | null
  may_settle: boolean
}

const ARTICLES = '/knowledge/articles'
const FEEDBACK = '/knowledge/feedback'

export const knowledge = {
  search: (question: Question) => request<Found>('POST', '/knowledge/search', question),
  list: (filter: { shelf: Shelf; department?: string; before?: string; limit: number }) =>
    request<VersionRow[]>('GET', `${ARTICLES}${query(filter)}`),
  article: (articleId: number) => request<Article>('GET', `${ARTICLES}/${articleId}`),
  version: (articleId: number, version: number) =>
    request<ArticleVersion>('GET', `${ARTICLES}/${articleId}/versions/${version}`),
  begin: (text: ArticleText) => request<Article>('POST', ARTICLES, text),
  save: (articleId: number, revision: number, text: ArticleText) =>
    request<Article>('PUT', `${ARTICLES}/${articleId}/draft`, { ...text, revision }),
  takeStep: (
    articleId: number,
    revision: number,
    step: ArticleStep,
    needed: { note?: string; review_due?: string },
  ) => request<Article>('POST', `${ARTICLES}/${articleId}/steps`, { step, revision, ...needed }),
  remark: (articleId: number, kind: FeedbackKind, text: string) =>
    request<Feedback>('POST', `${ARTICLES}/${articleId}/feedback`, { kind, text }),
  reportMissing: (words: string, text: string) =>
    request<Feedback>('POST', FEEDBACK, { words, text }),
  feedback: (filter: { settled: 'true' | 'false'; before?: string; limit: number }) =>
    request<Feedback[]>('GET', `${FEEDBACK}${query(filter)}`),
  settle: (feedbackId: number, outcome: Settlement, answer: string) =>
    request<Feedback>('POST', `${FEEDBACK}/${feedbackId}/settle`, { outcome, answer }),
  ofCase: (caseNo: string) => request<CaseArticle[]>('GET', `/cases/${id(caseNo)}/articles`),
  link: (caseNo: string, articleId: number) =>
    request<CaseArticle[]>('POST', `/cases/${id(caseNo)}/articles`, { article_id: articleId }),
}

export const ARTICLE_STATE: Record<ArticleState, string> = {
  draft: '草稿',
  in_review: '待审核',
  published: '已发布',
  replaced: '旧版本',
  withdrawn: '已下架',
  discarded: '已放弃',
}

const STEP: Record<string, string> = {
  saved: '保存草稿',
  submitted: '送审',
  taken_back: '撤回送审',
  refused: '审核退回',
  approved: '审核通过',
  discarded: '放弃草稿',
  confirmed: '复核无误',
  withdrawn: '下架',
} satisfies Record<ArticleStep | 'saved', string>

export const articleStepWord = (step: string) => STEP[step] ?? step

export const FEEDBACK_KIND: Record<FeedbackKind, string> = {
  wrong: '内容有误',
  missing: '内容缺失',
  unclear: '表述不清',
}

export const SETTLEMENT: Record<Settlement, string> = { accepted: '已采纳', rejected: '未采纳' }

export const SHELF: Record<Shelf, string> = {
  published: '已发布',
  in_review: '待审核',
  draft: '草稿',
  due: '待复核',
  withdrawn: '已下架',
}

/** What is wrong with using a version today, in a word or two; empty when nothing is. */
export function invalidWord(row: VersionRow, today: string): string {
  if (row.state !== 'published') return ARTICLE_STATE[row.state]
  if (row.valid) return ''
  return row.valid_from > today ? '尚未生效' : '已过有效期'
}

export interface TextLine {
  kind: 'heading' | 'item' | 'text'
  text: string
}

/** The lines of an article: `# ` begins a heading, `- ` an item, everything else is text. */
export function linesOf(body: string): TextLine[] {
  return body.split('\n').map((line) => {
    if (line.startsWith('# ')) return { kind: 'heading', text: line.slice(2) }
    if (line.startsWith('- ')) return { kind: 'item', text: line.slice(2) }
    return { kind: 'text', text: line }
  })
}

/** The same as plain text, as it is put into an answer. */
export const plainText = (body: string) =>
  linesOf(body)
    .map(({ text }) => text)
    .join('\n')

/** Files of cases (附件). */
import { id, request } from './request'

export interface Attachment {
  attachment_id: string
  name: string
  media_type: string
  bytes: number
  added_by: string
  added_at: string
  removable: boolean
}

/** As the server has it. */
export const UPLOAD_MAX_BYTES = 10 * 1024 * 1024
const UPLOAD_TIMEOUT_MS = 120_000
const of = (caseNo: string) => `/cases/${id(caseNo)}/attachments`

export const attachmentApi = {
  all: (caseNo: string) => request<Attachment[]>('GET', of(caseNo)),
  add: (caseNo: string, file: File) =>
    request<Attachment>('POST', of(caseNo), file, UPLOAD_TIMEOUT_MS),
  remove: (caseNo: string, attachment: string, reason: string) =>
    request<void>('POST', `${of(caseNo)}/${attachment}/remove`, { reason }),
}

/** Where the browser gets a file from. */
export const hrefOf = (caseNo: string, { attachment_id }: Attachment) =>
  `/api/v1${of(caseNo)}/${attachment_id}`

/** `820 KB`, `3.2 MB` */
export const size = (bytes: number) =>
  bytes < 1024 * 1024
    ? `${Math.max(1, Math.round(bytes / 1024))} KB`
    : `${(bytes / 1024 / 1024).toFixed(1)} MB`

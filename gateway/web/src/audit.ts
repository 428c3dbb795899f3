/** Chinese words for what the audit log tells; an action without a word is shown as it is. */
const AREAS: Record<string, string> = {
  number: '号码',
  citizen: '来电人资料',
  nuisance: '骚扰标记',
  line: '线路',
  department: '部门',
  category: '分类',
  clock_rule: '时限规则',
  calendar_day: '日历',
  calendar_year: '年度日历',
  ringback: '漏接回拨',
  seat: '坐席',
  call: '通话',
}

const ACTS: Record<string, string> = {
  revealed: '查看完整号码',
  created: '新增',
  changed: '修改',
  saved: '保存',
  removed: '删除',
  erased: '删除',
  proposed: '提出',
  approved: '批准',
  refused: '驳回',
  lifted: '解除',
  withdrawn: '撤回',
  dropped: '撤销',
  declared: '设为完整',
  play_recording: '听录音',
}

const DETAILS: Record<string, string> = {
  reason: '理由',
  note: '说明',
  days: '天数',
  kind: '类型',
  calls: '来电',
  fields: '填写的项',
  of: '所属',
  before: '之前',
  after: '之后',
  mistaken: '误标',
  switchboard: '交换机',
  call_id: '通话',
  number: '来电号码',
}

/** `理由：核实地址，天数：30`; what came of it (`outcome`) is told apart. */
export const detailWords = (detail: Record<string, unknown>) =>
  Object.entries(detail)
    .filter(([key, value]) => key !== 'outcome' && value !== '' && value !== null)
    .map(([key, value]) => `${DETAILS[key] ?? key}：${plain(value)}`)
    .join('，')

function plain(value: unknown): string {
  if (Array.isArray(value)) return value.map(plain).join('、')
  if (typeof value === 'boolean') return value ? '是' : '否'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** `nuisance.approved` → `骚扰标记 批准` */
export function actionWord(action: string): string {
  if (action === 'number.revealed') return ACTS['revealed'] as string
  const [area = '', act = ''] = action.split('.')
  const known = AREAS[area] !== undefined && ACTS[act] !== undefined
  return known ? `${AREAS[area]} ${ACTS[act]}` : action
}

/** The departments and the categories: read when somebody needs them, and anew after a change. */
import { computed, reactive, readonly, watch } from 'vue'
import { complain } from '../dialogs'
import { type Category, type Department, treeApi } from '../trees'
import { session } from './session'

/** A node of a tree select. */
export interface Choice {
  value: string
  label: string
  disabled: boolean
  children: Choice[]
}

const state = reactive({ departments: [] as Department[], categories: [] as Category[] })
let reading: Promise<void> | null = null

export const trees = readonly(state)

async function read(): Promise<void> {
  const [departments, categories] = await Promise.all([treeApi.departments(), treeApi.categories()])
  Object.assign(state, { departments, categories })
}

/** Have both, unless they are there already. */
export function needTrees(): Promise<void> {
  reading ??= read().catch((error: unknown) => {
    reading = null // asked again by whoever needs them next
    complain(error)
  })
  return reading
}

/** Read both again. */
export function refreshTrees(): Promise<void> {
  reading = null
  return needTrees()
}

/** Have something done to them, and read them again; a failure is told. */
export async function changeTrees(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
    await refreshTrees()
  } catch (error) {
    complain(error)
  }
}

watch(
  () => session.value?.login,
  () => {
    reading = null
    Object.assign(state, { departments: [], categories: [] })
  },
)

interface Branch {
  code: string
  name: string
  parent: string | null
}

function tree<T extends Branch>(rows: readonly T[], disabled: (row: T) => boolean): Choice[] {
  const nodes = new Map(
    rows.map((row) => [
      row.code,
      { value: row.code, label: row.name, disabled: disabled(row), children: [] as Choice[] },
    ]),
  )
  const roots: Choice[] = []
  for (const { code, parent } of rows) {
    const node = nodes.get(code)
    const siblings = parent === null ? roots : nodes.get(parent)?.children
    if (node !== undefined) siblings?.push(node)
  }
  return roots
}

/** Each below its parent, with how deep that is; siblings in the order of `compare`, or as they come. */
export function inTreeOrder<T extends Pick<Branch, 'code' | 'parent'>>(
  rows: readonly T[],
  compare?: (one: T, other: T) => number,
): (T & { depth: number })[] {
  const below = new Map<string | null, T[]>()
  for (const row of rows) below.set(row.parent, [...(below.get(row.parent) ?? []), row])
  const walk = (parent: string | null, depth: number): (T & { depth: number })[] => {
    const siblings = below.get(parent) ?? []
    const sorted = compare === undefined ? siblings : siblings.toSorted(compare)
    return sorted.flatMap((row) => [{ ...row, depth }, ...walk(row.code, depth + 1)])
  }
  return walk(null, 0)
}

/** Departments that cases may be dispatched to; closed ones cannot be chosen. */
export const departmentChoices = computed(() => tree(state.departments, (it) => !it.active))

/** Sub-classes below their classes; closed ones cannot be chosen. */
export const categoryChoices = computed(() => {
  const closed = new Set(state.categories.filter((it) => it.closed).map((it) => it.code))
  return tree(state.categories, (it) => closed.has(it.code) || closed.has(it.parent ?? ''))
})

/** Both, for filters: anything can be looked for. */
export const allDepartments = computed(() => tree(state.departments, () => false))
export const allCategories = computed(() => tree(state.categories, () => false))

/** The department that a category's cases go to, if it takes any. */
export function defaultDepartment(category: string): string {
  const code = state.categories.find((it) => it.code === category)?.department
  const found = state.departments.find((it) => it.code === code)
  return found?.active ? found.code : ''
}

/** Their names, or the code of one that is gone. */
export const departmentName = (code: string) =>
  state.departments.find((it) => it.code === code)?.name ?? code
export const categoryName = (code: string) =>
  state.categories.find((it) => it.code === code)?.name ?? code

/** Departments and categories: shapes and requests. */
import { id, request } from './request'

/** A department or a category as far as a case names it. */
export interface Named {
  code: string
  name: string
}

export type DepartmentLevel = 'city' | 'district' | 'street' | 'community'

/** GET /departments, from the top down */
export interface Department extends Named {
  level: DepartmentLevel
  parent: string | null
  active: boolean
}

/** GET /categories, classes first */
export interface Category extends Named {
  parent: string | null
  /** Whom cases of it are dispatched to unless told otherwise. */
  department: string | null
  closed: boolean
}

export type NewDepartment = Omit<Department, 'active'>

export type DepartmentTerms = Pick<Department, 'name' | 'parent' | 'active'>

export type NewCategory = Omit<Category, 'closed'>

export type CategoryTerms = Omit<Category, 'code'>

export const treeApi = {
  departments: () => request<Department[]>('GET', '/departments'),
  addDepartment: (added: NewDepartment) => request<Department>('POST', '/departments', added),
  changeDepartment: (code: string, terms: DepartmentTerms) =>
    request<Department>('PUT', `/departments/${id(code)}`, terms),
  removeDepartment: (code: string) => request<void>('DELETE', `/departments/${id(code)}`),
  categories: () => request<Category[]>('GET', '/categories'),
  addCategory: (added: NewCategory) => request<Category>('POST', '/categories', added),
  changeCategory: (code: string, terms: CategoryTerms) =>
    request<Category>('PUT', `/categories/${id(code)}`, terms),
  removeCategory: (code: string) => request<void>('DELETE', `/categories/${id(code)}`),
}

/** People who may log in, as administrators keep them. */
import { id, request } from './request'
import type { Role } from './session'

export interface UserTerms {
  display_name: string
  role: Role
  agent: string | null
  extension: string | null
  switchboard: string | null
  department: string | null
}

export interface User extends UserTerms {
  login: string
  active: boolean
}

/** The password is told this once. */
export interface GivenPassword {
  user: User
  password: string
}

export const users = {
  all: () => request<User[]>('GET', '/users'),
  add: (login: string, terms: UserTerms) =>
    request<GivenPassword>('POST', '/users', { ...terms, login }),
  change: (login: string, terms: UserTerms & { active: boolean }) =>
    request<User>('PUT', `/users/${id(login)}`, terms),
  resetPassword: (login: string) => request<GivenPassword>('POST', `/users/${id(login)}/password`),
}

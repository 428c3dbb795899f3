/** Who may sign in, and who is: shapes and requests. */
import { request } from './request'

export type Role = 'agent' | 'supervisor' | 'administrator' | 'department'

export interface Session {
  login: string
  display_name: string
  role: Role
  agent: string | null
  extension: string | null
  /** Where the telephone of the seat is. */
  switchboard: string
  /** Code of the department that handles cases, of its people. */
  department: string | null
}

export const sessionApi = {
  current: () => request<Session>('GET', '/session'),
  logIn: (login: string, password: string, newPassword?: string) =>
    request<Session>('POST', '/session', {
      login,
      password,
      ...(newPassword === undefined ? {} : { new_password: newPassword }),
    }),
  logOut: () => request<void>('DELETE', '/session'),
}

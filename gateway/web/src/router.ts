import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { isAgent, isDepartment, loadSession, session } from './stores/session'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
  }
}

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    {
      path: '/login',
      name: 'login',
      component: () => import('./pages/LoginPage.vue'),
      meta: { title: '登录' },
    },
    {
      path: '/',
      name: 'desk',
      component: () => import('./pages/DeskPage.vue'),
      meta: { title: '坐席工作台' },
    },
    {
      path: '/board',
      name: 'board',
      component: () => import('./pages/BoardPage.vue'),
      meta: { title: '运行看板' },
    },
    {
      path: '/ringbacks',
      name: 'ringbacks',
      component: () => import('./pages/RingbacksPage.vue'),
      meta: { title: '漏接回拨' },
    },
    {
      path: '/cases',
      name: 'cases',
      component: () => import('./pages/CasesPage.vue'),
      meta: { title: '工单' },
    },
    {
      path: '/inbox',
      name: 'inbox',
      component: () => import('./pages/InboxPage.vue'),
      meta: { title: '待办' },
    },
    {
      path: '/departments',
      name: 'departments',
      component: () => import('./pages/DepartmentsPage.vue'),
      meta: { title: '部门' },
    },
    {
      path: '/categories',
      name: 'categories',
      component: () => import('./pages/CategoriesPage.vue'),
      meta: { title: '分类' },
    },
    {
      path: '/cases/:no',
      name: 'case',
      component: () => import('./pages/CasePage.vue'),
      meta: { title: '工单' },
    },
    {
      path: '/reconciliations',
      name: 'reconciliations',
      component: () => import('./pages/ReconciliationPage.vue'),
      meta: { title: '话单核对' },
    },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})

const OVERSEERS_ONLY = new Set<unknown>(['board', 'reconciliations'])
const OF_DEPARTMENTS = new Set<unknown>(['inbox', 'cases', 'case'])
const ADMINISTRATORS_ONLY = new Set<unknown>(['departments', 'categories'])

/** Where a person has no business, the page that is his own is shown instead. */
function turnedAway(to: RouteLocationNormalized) {
  if (to.name === 'login') return session.value === null ? null : { name: 'desk' }
  if (session.value === null) return { name: 'login', query: { to: to.fullPath } }
  if (isDepartment.value) return OF_DEPARTMENTS.has(to.name) ? null : { name: 'inbox' }
  if (to.name === 'inbox') return { name: 'cases', query: { scope: 'inbox' } }
  const administers = session.value.role === 'administrator'
  if (ADMINISTRATORS_ONLY.has(to.name) && !administers) return { name: 'cases' }
  if (to.name === 'desk' && !isAgent.value) return { name: 'board' }
  if (OVERSEERS_ONLY.has(to.name) && isAgent.value) return { name: 'desk' }
  return null
}

router.beforeEach(async (to) => {
  await loadSession()
  return turnedAway(to) ?? true
})

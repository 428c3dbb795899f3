import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router'
import { isAdministrator, isAgent, loadSession, session } from './stores/session'

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
    {
      path: '/clocks',
      name: 'clocks',
      component: () => import('./pages/ClocksPage.vue'),
      meta: { title: '时限管理' },
    },
    { path: '/:rest(.*)', redirect: '/' },
  ],
})

const OVERSEERS_ONLY = new Set<unknown>(['board', 'reconciliations'])

/** Where a person has no business, the page that is his own is shown instead. */
function turnedAway(to: RouteLocationNormalized) {
  if (to.name === 'login') return session.value === null ? null : { name: 'desk' }
  if (session.value === null) return { name: 'login', query: { to: to.fullPath } }
  if (to.name === 'desk' && !isAgent.value) return { name: 'board' }
  if (OVERSEERS_ONLY.has(to.name) && isAgent.value) return { name: 'desk' }
  if (to.name === 'clocks' && !isAdministrator.value) return { name: 'cases' }
  return null
}

router.beforeEach(async (to) => {
  await loadSession()
  return turnedAway(to) ?? true
})

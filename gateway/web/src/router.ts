import { createRouter, createWebHistory } from 'vue-router'
import type { RouteLocationNormalized, RouteRecordRaw } from 'vue-router'
import type { Role } from './session'
import { loadSession, session } from './stores/session'

export type MenuGroup = '管理'

declare module 'vue-router' {
  interface RouteMeta {
    title: string
    /** Who may open it; nobody else sees anything of it. */
    roles: readonly Role[]
    /** Also for citizens, who are nobody here. */
    public?: true
    /** Its name in the main navigation. */
    menu?: string
    /** The drop-down of the main navigation that it sits in: of pages that are opened rarely. */
    group?: MenuGroup
  }
}

const STAFF: readonly Role[] = ['agent', 'supervisor', 'administrator']
const EVERYONE: readonly Role[] = [...STAFF, 'department']
const OVERSEERS: readonly Role[] = ['supervisor', 'administrator']

const routes: RouteRecordRaw[] = [
  {
    path: '/login',
    name: 'login',
    component: () => import('./pages/LoginPage.vue'),
    meta: { title: '登录', roles: EVERYONE },
  },
  {
    path: '/enquiry',
    name: 'enquiry',
    component: () => import('./pages/EnquiryPage.vue'),
    meta: { title: '查询办理进度', roles: EVERYONE, public: true },
  },
  {
    path: '/',
    name: 'desk',
    component: () => import('./pages/DeskPage.vue'),
    meta: { title: '坐席工作台', roles: ['agent'], menu: '工作台' },
  },
  {
    path: '/board',
    name: 'board',
    component: () => import('./pages/BoardPage.vue'),
    meta: { title: '运行看板', roles: OVERSEERS, menu: '看板' },
  },
  {
    path: '/ringbacks',
    name: 'ringbacks',
    component: () => import('./pages/RingbacksPage.vue'),
    meta: { title: '漏接回拨', roles: STAFF, menu: '漏接回拨' },
  },
  {
    path: '/surges',
    name: 'surges',
    component: () => import('./pages/SurgesPage.vue'),
    meta: { title: '预警', roles: OVERSEERS, menu: '预警' },
  },
  {
    path: '/inbox',
    name: 'inbox',
    component: () => import('./pages/InboxPage.vue'),
    meta: { title: '待办', roles: ['department'], menu: '待办' },
  },
  {
    path: '/cases',
    name: 'cases',
    component: () => import('./pages/CasesPage.vue'),
    meta: { title: '工单', roles: EVERYONE, menu: '工单' },
  },
  {
    path: '/cases/new',
    name: 'new-case',
    component: () => import('./pages/NewCasePage.vue'),
    meta: { title: '登记来信来访', roles: ['agent', 'supervisor'] },
  },
  {
    path: '/cases/:no',
    name: 'case',
    component: () => import('./pages/CasePage.vue'),
    meta: { title: '工单', roles: EVERYONE },
  },
  {
    path: '/supervision',
    meta: { title: '督办', roles: OVERSEERS, menu: '督办' },
    children: [
      {
        path: '/supervision',
        name: 'case-board',
        component: () => import('./pages/CaseBoardPage.vue'),
        meta: { title: '工单看板', roles: OVERSEERS },
      },
      {
        path: '/supervision/lists',
        name: 'supervision-lists',
        component: () => import('./pages/SupervisionListsPage.vue'),
        meta: { title: '督办清单', roles: ['supervisor'] },
      },
      {
        path: '/supervision/topics',
        name: 'hot-topics',
        component: () => import('./pages/HotTopicsPage.vue'),
        meta: { title: '热点', roles: OVERSEERS },
      },
    ],
  },
  {
    path: '/joints',
    name: 'joints',
    component: () => import('./pages/JointsPage.vue'),
    meta: { title: '联合办理', roles: ['supervisor', 'department'], menu: '联合办理' },
  },
  {
    path: '/campaigns',
    name: 'campaigns',
    component: () => import('./pages/CampaignsPage.vue'),
    meta: { title: '人民建议', roles: STAFF, menu: '人民建议', group: '管理' },
  },
  {
    path: '/knowledge',
    name: 'knowledge',
    component: () => import('./pages/KnowledgePage.vue'),
    meta: { title: '知识库', roles: EVERYONE, menu: '知识库' },
  },
  {
    path: '/seat-figures',
    name: 'seat-figures',
    component: () => import('./pages/SeatFiguresPage.vue'),
    meta: { title: '坐席统计', roles: OVERSEERS, menu: '坐席统计' },
  },
  {
    path: '/reconciliations',
    name: 'reconciliations',
    component: () => import('./pages/ReconciliationPage.vue'),
    meta: { title: '话单核对', roles: OVERSEERS, menu: '话单核对' },
  },
  {
    path: '/lines',
    name: 'lines',
    component: () => import('./pages/LinesPage.vue'),
    meta: { title: '热线线路', roles: ['administrator'], menu: '热线线路', group: '管理' },
  },
  {
    path: '/departments',
    name: 'departments',
    component: () => import('./pages/DepartmentsPage.vue'),
    meta: { title: '部门', roles: ['administrator'], menu: '部门', group: '管理' },
  },
  {
    path: '/categories',
    name: 'categories',
    component: () => import('./pages/CategoriesPage.vue'),
    meta: { title: '分类', roles: ['administrator'], menu: '分类', group: '管理' },
  },
  {
    path: '/clocks',
    name: 'clocks',
    component: () => import('./pages/ClocksPage.vue'),
    meta: { title: '时限管理', roles: ['administrator'], menu: '时限管理', group: '管理' },
  },
  {
    path: '/integrations',
    name: 'integrations',
    component: () => import('./pages/IntegrationsPage.vue'),
    meta: { title: '接入', roles: ['administrator'], menu: '接入', group: '管理' },
  },
  {
    path: '/sheets',
    name: 'sheets',
    component: () => import('./pages/SheetsPage.vue'),
    meta: { title: '导入导出', roles: ['administrator'], menu: '导入导出', group: '管理' },
  },
  {
    path: '/users',
    name: 'users',
    component: () => import('./pages/UsersPage.vue'),
    meta: { title: '用户', roles: ['administrator'], menu: '用户', group: '管理' },
  },
  {
    path: '/webhooks',
    name: 'webhooks',
    component: () => import('./pages/WebhooksPage.vue'),
    meta: { title: '推送', roles: ['administrator'], menu: '推送', group: '管理' },
  },
  {
    path: '/notices',
    name: 'notices',
    component: () => import('./pages/NoticesPage.vue'),
    meta: { title: '短信通知', roles: ['administrator'], menu: '短信通知', group: '管理' },
  },
  {
    path: '/nuisance-marks',
    name: 'nuisance-marks',
    component: () => import('./pages/NuisancePage.vue'),
    meta: { title: '骚扰标记', roles: OVERSEERS, menu: '骚扰标记', group: '管理' },
  },
  {
    path: '/exclusions',
    name: 'exclusions',
    component: () => import('./pages/ExclusionsPage.vue'),
    meta: { title: '不计入满意度', roles: ['supervisor'], menu: '不计入满意度', group: '管理' },
  },
  {
    path: '/audit',
    name: 'audit',
    component: () => import('./pages/AuditPage.vue'),
    meta: { title: '审计', roles: ['administrator'], menu: '审计', group: '管理' },
  },
  { path: '/:rest(.*)', redirect: '/' },
]

export const router = createRouter({ history: createWebHistory(), routes })

/** The pages of the main navigation that `role` may open. */
export const menuOf = (role: Role) =>
  routes.flatMap(({ name, path, meta }) =>
    meta?.menu !== undefined && meta.roles.includes(role)
      ? [{ name, path, word: meta.menu, group: meta.group ?? null }]
      : [],
  )

/** Whether the person may open what `to` shows. */
export const mayOpen = (to: Pick<RouteLocationNormalized, 'meta'>) =>
  session.value !== null && to.meta.roles.includes(session.value.role)

/** The first page of the main navigation; null for a role that has none. */
function home(role: Role) {
  const [first] = menuOf(role)
  return first === undefined ? null : first.path
}

/** From the login page and from `/` everybody comes to the page that is his own. */
function turnedAway(to: RouteLocationNormalized) {
  if (to.meta.public) return null
  if (to.name === 'login') return session.value === null ? null : { name: 'desk' }
  if (session.value === null) return { name: 'login', query: { to: to.fullPath } }
  if (to.name === 'desk' && !mayOpen(to)) return home(session.value.role)
  return null
}

router.beforeEach(async (to) => {
  await loadSession()
  return turnedAway(to) ?? true
})

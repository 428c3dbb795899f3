-- name: claim_due(now, limit)
-- Claims the notices that are due, and sets when the next one is. A clock, or a case, that somebody
-- else is changing is left for the next time: closing locks the case before its clocks.
with due as materialized (
  select
    k.clock_id, k.case_id, k.kind, k.term, k.deadline,
    case when k.deadline <= :now then 'overdue' else 'reminded' end as notice,
    c.case_no, c.call_id, c.opened_by
  from case_clocks k join cases c using (case_id)
  where k.notice_at <= :now and k.stopped_at is null and k.paused_at is null
  order by k.notice_at
  limit :limit
  for no key update of k skip locked
  for no key update of c skip locked
), moved as (
  update case_clocks k
  set notice_at = case when due.notice = 'reminded' then due.deadline end
  from due where k.clock_id = due.clock_id
), claimed as (
  insert into case_clock_notices (clock_id, term, notice, kind, made_at)
  select clock_id, term, notice, kind, :now from due
  on conflict do nothing
  returning clock_id, notice
)
select due.*, u.login as opened_by_login
from due
join claimed using (clock_id, notice)
join users u on u.user_id = due.opened_by
order by due.clock_id;

-- name: insert_supervision(case_id, at, actor, step, note)*!
-- A step like any other: the version of the case grows with it.
with raised as (
  update cases set version = version + 1 where case_id = :case_id returning case_id, version, state, lead_id
)
insert into case_history (
  case_id, version, at, actor, step, note, from_state, to_state, from_department, to_department
)
select
  case_id, version, :at::timestamptz, :actor::text, :step::text, :note::text, state, state,
  lead_id, lead_id
from raised;

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
select due.clock_id || ':' || due.term as subject, due.notice, due.kind as clock, due.deadline,
  due.case_id, due.case_no, due.call_id, u.login as opened_by
from due
join claimed using (clock_id, notice)
join users u on u.user_id = due.opened_by
order by due.clock_id;

-- name: claim_joint(joint_ids, notices, deadlines, now)
-- Claims those of these notices that are not made. A case that somebody else is changing is left for
-- the next time; one that was told to be overdue is not reminded of when the calendar changes.
with due as materialized (
  select j.joint_id, g.notice, g.deadline, c.case_id, c.case_no, c.call_id, c.opened_by
  from unnest(:joint_ids::bigint[], :notices::text[], :deadlines::timestamptz[])
    as g (joint_id, notice, deadline)
  join joint_handlings j using (joint_id)
  join cases c using (case_id)
  where j.ended_at is null and not exists (
    select from joint_notices n
    where n.joint_id = g.joint_id and n.notice in (g.notice, 'overdue')
  )
  for no key update of j skip locked
  for no key update of c skip locked
), claimed as (
  insert into joint_notices (joint_id, notice, deadline, made_at)
  select joint_id, notice, deadline, :now from due
  on conflict do nothing
  returning joint_id
)
select 'joint:' || due.joint_id as subject, due.notice, 'joint' as clock, due.deadline,
  due.case_id, due.case_no, due.call_id, u.login as opened_by
from due
join claimed using (joint_id)
join users u on u.user_id = due.opened_by
order by due.joint_id;

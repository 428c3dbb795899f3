-- name: open_by_state(see_all, viewer)
select state, count(*) as cases from cases
where state not in ('closed', 'withdrawn', 'merged')
  and (:see_all or not confidential or opened_by = :viewer)
group by state;

-- name: since_midnight(midnight, see_all, viewer)^
select
  (select count(*) from cases c where c.opened_at >= :midnight
    and (:see_all or not c.confidential or c.opened_by = :viewer)) as opened,
  (select count(distinct h.case_id) from case_history h join cases c using (case_id)
    where h.at >= :midnight and h.to_state = 'closed' and h.from_state <> 'closed'
      and (:see_all or not c.confidential or c.opened_by = :viewer)) as closed;

-- name: open_by_light(now, see_all, viewer)
-- By the most pressing of the clocks that run, as the lists by light have it.
select light, count(*) as cases from (
  select case
      when bool_and(k.paused_at is not null) then 'paused'
      when min(k.deadline) filter (where k.paused_at is null) is null then 'undated'
      when min(k.deadline) filter (where k.paused_at is null) <= :now then 'red'
      when (array_agg(k.yellow_from order by k.deadline nulls last, k.clock_id)
        filter (where k.paused_at is null))[1] <= :now then 'yellow'
      else 'green' end as light
  from case_clocks k join cases c using (case_id)
  where k.stopped_at is null and (:see_all or not c.confidential or c.opened_by = :viewer)
  group by k.case_id
) lit group by light;

-- name: open_by_department(now, see_all, states)
-- Of every department with all below it, as the lists by department have it: a case of which it is in
-- charge, or in which it assists, counts once.
with recursive up as (
  select department_id, department_id as above_id, parent_id from departments
  union all
  select u.department_id, p.department_id, p.parent_id
  from up u join departments p on p.department_id = u.parent_id
),
own as materialized (
  select d.department_id, n.case_id, n.state
  from departments d
  cross join unnest(:states::text[]) as s (state)
  cross join lateral (
    select p.case_id, p.state from case_departments p
    where p.department_id = d.department_id and p.state = s.state
      and (:see_all or not p.confidential)
  ) n
),
placed as (
  select distinct u.above_id, o.case_id, o.state from own o join up u using (department_id)
),
lit as materialized (
  select distinct on (case_id) case_id, deadline <= :now as red, yellow_from <= :now as yellow
  from case_clocks where stopped_at is null and paused_at is null and deadline is not null
  order by case_id, deadline, clock_id
),
counted as (
  select p.above_id, count(*) as open,
    count(*) filter (where p.state = 'dispatched') as dispatched,
    count(*) filter (where p.state = 'accepted') as accepted,
    count(*) filter (where p.state = 'handling') as handling,
    count(*) filter (where p.state = 'replied') as replied,
    count(*) filter (where p.state = 'return_asked') as return_asked,
    count(*) filter (where l.red) as red,
    count(*) filter (where l.yellow and not l.red) as yellow
  from placed p left join lit l using (case_id) group by p.above_id
)
select d.code, d.name, d.level, a.code as parent, c.*
from counted c
join departments d on d.department_id = c.above_id
left join departments a on a.department_id = d.parent_id
order by d.level, d.code;

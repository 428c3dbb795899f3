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
  select distinct on (k.case_id) case
      when k.paused_at is not null then 'paused'
      when k.deadline is null then 'undated'
      when k.deadline <= :now then 'red'
      when k.yellow_from <= :now then 'yellow'
      else 'green' end as light
  from case_clocks k join cases c using (case_id)
  where k.stopped_at is null and c.state not in ('closed', 'withdrawn', 'merged')
    and (:see_all or not c.confidential or c.opened_by = :viewer)
  order by k.case_id, k.paused_at is not null, k.deadline nulls last, k.clock_id
) lit group by light;

-- name: open_by_department(now, see_all)
-- Of every department with all below it, as the lists by department have it: a case of which it is in
-- charge, or in which it assists, counts once. Cases of the same departments that stand alike are
-- counted first; there are few of these, and only they are looked at for each department above.
with recursive up as (
  select department_id, department_id as above_id, parent_id from departments
  union all
  select u.department_id, p.department_id, p.parent_id
  from up u join departments p on p.department_id = u.parent_id
),
lit as (
  select distinct on (case_id) case_id, deadline <= :now as red, yellow_from <= :now as yellow
  from case_clocks where stopped_at is null and paused_at is null and deadline is not null
  order by case_id, deadline, clock_id
),
placed as (
  select case_id, min(state) as state, array_agg(department_id order by department_id) as own
  from case_departments
  where state not in ('closed', 'withdrawn', 'merged') and (:see_all or not confidential)
  group by case_id
),
alike as materialized (
  select row_number() over () as number, p.own, p.state, l.red, l.yellow, count(*) as cases
  from placed p left join lit l using (case_id) group by p.own, p.state, l.red, l.yellow
),
above as (
  select distinct a.number, u.above_id
  from alike a cross join unnest(a.own) as o (department_id) join up u using (department_id)
),
counted as (
  select v.above_id, sum(a.cases)::bigint as open,
    coalesce(sum(a.cases) filter (where a.state = 'dispatched'), 0)::bigint as dispatched,
    coalesce(sum(a.cases) filter (where a.state = 'accepted'), 0)::bigint as accepted,
    coalesce(sum(a.cases) filter (where a.state = 'handling'), 0)::bigint as handling,
    coalesce(sum(a.cases) filter (where a.state = 'replied'), 0)::bigint as replied,
    coalesce(sum(a.cases) filter (where a.state = 'return_asked'), 0)::bigint as return_asked,
    coalesce(sum(a.cases) filter (where a.red), 0)::bigint as red,
    coalesce(sum(a.cases) filter (where a.yellow and not a.red), 0)::bigint as yellow
  from above v join alike a using (number) group by v.above_id
)
select d.code, d.name, d.level, a.code as parent, c.*
from counted c
join departments d on d.department_id = c.above_id
left join departments a on a.department_id = d.parent_id
order by d.level, d.code;

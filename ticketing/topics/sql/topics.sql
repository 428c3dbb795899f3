-- name: counted_days(since)
select day from topic_days where day >= :since;

-- name: claim_day(day, at)$
-- Nothing is returned when somebody else counts it.
insert into topic_days (day, cases, counted_at) values (:day, 0, :at)
on conflict (day) do nothing returning day;

-- name: cases_of_day(start, until, after_at, after_id, limit)
select c.case_id, c.opened_at, c.title, c.body, c.address, c.category_id,
  coalesce(d.code, '') as department
from cases c left join departments d on d.department_id = c.lead_id
where c.opened_at >= :start and c.opened_at < :until and not c.confidential
  and (c.opened_at, c.case_id) < (:after_at, :after_id)
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: save_counts(day, kinds, texts, categories, counts)!
insert into topic_counts (day, kind, value, category_id, cases)
select :day, t.kind, t.value, t.category_id, t.cases
from unnest(:kinds::text[], :texts::text[], :categories::bigint[], :counts::integer[])
  as t (kind, value, category_id, cases);

-- name: save_total(day, cases)!
update topic_days set cases = :cases where day = :day;

-- name: forget_before(day)!
delete from topic_days where day < :day;

-- name: totals(before_day, first_day, last_day)^
select coalesce(sum(cases) filter (where day >= :first_day), 0) as now,
  coalesce(sum(cases) filter (where day < :first_day), 0) as before, count(*) as days
from topic_days where day between :before_day and :last_day;

-- name: words(before_day, first_day, last_day, least)
select value, coalesce(sum(cases) filter (where day >= :first_day), 0) as now,
  coalesce(sum(cases) filter (where day < :first_day), 0) as before
from topic_counts
where kind = 'word' and day between :before_day and :last_day
group by value having sum(cases) filter (where day >= :first_day) >= :least;

-- name: places(kind, before_day, first_day, last_day, least)
-- A repeat is a case of a category of which the place had one in the period already.
select p.value, coalesce(d.name, p.value) as name, sum(p.now)::bigint as now,
  sum(p.before)::bigint as before, sum(greatest(p.now - 1, 0))::bigint as repeats,
  sum(greatest(p.before - 1, 0))::bigint as repeats_before
from (
  select value, category_id, coalesce(sum(cases) filter (where day >= :first_day), 0) as now,
    coalesce(sum(cases) filter (where day < :first_day), 0) as before
  from topic_counts
  where kind = :kind and value <> '' and day between :before_day and :last_day
  group by value, category_id
) p
left join departments d on :kind = 'department' and d.code = p.value
where :kind <> 'department' or d.level >= 3
group by p.value, d.name having sum(p.now) >= :least;

-- name: heat(before_day, first_day, last_day)
-- Cases by district and class; those of the city's own departments stand alone.
with recursive up as (
  select code, department_id as above_id, level, parent_id from departments
  union all
  select u.code, p.department_id, p.level, p.parent_id
  from up u join departments p on p.department_id = u.parent_id where u.level > 2
)
select coalesce(t.code, '') as district, coalesce(t.name, '') as district_name,
  coalesce(p.code, k.code, '') as class, coalesce(p.name, k.name, '') as class_name,
  coalesce(sum(c.cases) filter (where c.day >= :first_day), 0) as now,
  coalesce(sum(c.cases) filter (where c.day < :first_day), 0) as before
from topic_counts c
left join up u on u.code = c.value and u.level <= 2
left join departments t on t.department_id = u.above_id
left join categories k on k.category_id = c.category_id
left join categories p on p.category_id = k.parent_id
where c.kind = 'department' and c.day between :before_day and :last_day
group by t.code, t.name, p.code, p.name, k.code, k.name;

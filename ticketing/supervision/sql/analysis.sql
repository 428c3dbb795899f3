-- name: month_counts(before_start, start, until)
-- What happened from :start and, of the month before, from :before_start on, by class, department in
-- charge and district: per figure how many there were and of how many it is true.
with recursive up as (
  select department_id, department_id as above_id, level, parent_id from departments
  union all
  select u.department_id, p.department_id, p.level, p.parent_id
  from up u join departments p on p.department_id = u.parent_id where u.level > 2
),
districts as (
  select u.department_id, d.code, d.name from up u
  join departments d on d.department_id = u.above_id where u.level <= 2
),
events as (
  select h.case_id, h.version, h.at, h.step, c.category_id, c.lead_id, h.to_department,
    h.to_state = 'closed' and h.from_state <> 'closed' as closes,
    h.at >= :start as now, case when h.at >= :start then :until else :start end as ends
  from case_history h join cases c using (case_id)
  where h.at >= :before_start and h.at < :until
    and (h.step in ('registered', 'accepted', 'dispatched', 'redispatched') or h.to_state = 'closed')
),
facts as (
  select 'opened' as figure, category_id, lead_id as department_id, now, true as hit
  from events where step = 'registered'
  union all
  select 'signed_in_time', e.category_id, e.to_department, e.now, k.stopped_at < k.deadline
  from events e join case_clocks k
    on k.case_id = e.case_id and k.kind = 'signing' and k.stopped_at = e.at and k.deadline is not null
  where e.step = 'accepted'
  union all
  select 'closed_in_time', e.category_id, e.to_department, e.now, k.stopped_at < k.deadline
  from events e join case_clocks k
    on k.case_id = e.case_id and k.kind = 'closing' and k.stopped_at = e.at and k.deadline is not null
  where e.closes
  union all
  select 'returned', e.category_id, e.to_department, e.now, exists (
    select from case_history r
    where r.case_id = e.case_id and r.version > e.version and r.step = 'return_asked'
      and r.from_department = e.to_department and r.at < e.ends
  )
  from events e where e.step in ('dispatched', 'redispatched')
  union all
  select 'rehandled', e.category_id, e.to_department, e.now, exists (
    select from case_history r
    where r.case_id = e.case_id and r.version > e.version and r.step = 'reopened' and r.at < e.ends
  )
  from events e where e.closes
)
select a.axis, coalesce(a.code, '') as code, coalesce(a.name, '') as name, f.figure,
  count(*) filter (where f.now and f.hit) as numerator,
  count(*) filter (where f.now) as denominator,
  count(*) filter (where not f.now and f.hit) as numerator_before,
  count(*) filter (where not f.now) as denominator_before
from facts f
left join categories k on k.category_id = f.category_id
left join categories p on p.category_id = k.parent_id
left join departments d on d.department_id = f.department_id
left join districts t on t.department_id = f.department_id
cross join lateral (values
  ('class', coalesce(p.code, k.code), coalesce(p.name, k.name)),
  ('department', d.code, d.name),
  ('district', t.code, t.name)
) as a (axis, code, name)
group by a.axis, a.code, a.name, f.figure;

-- name: insert_figures(list_id, axis, code, name, figure, numerator, denominator, numerator_before, denominator_before)*!
insert into supervision_figures (
  list_id, axis, code, name, figure, numerator, denominator, numerator_before, denominator_before
) values (
  :list_id, :axis, :code, :name, :figure, :numerator, :denominator, :numerator_before,
  :denominator_before
);

-- name: figures_of_list(list_id)
select axis, code, name, figure, numerator, denominator, numerator_before, denominator_before
from supervision_figures where list_id = :list_id order by axis, code, figure;

-- name: next_case_number(day)$
-- The row stays locked until the transaction ends, so no number is given twice.
insert into case_numbers as known (day, last) values (:day, 1)
on conflict (day) do update set last = known.last + 1
returning last;

-- name: insert_case(case_no, call_id, source, kind, title, body, address, confidential, caller, category_id, matter, opened_by, opened_at)$
-- Nothing is returned when the call has a case already.
insert into cases (
  case_no, call_id, source, kind, title, body, address, confidential, caller, category_id, matter,
  state, opened_by, opened_at
) values (
  :case_no, :call_id, :source, :kind, :title, :body, :address, :confidential, :caller, :category_id,
  :matter,
  'registered', :opened_by, :opened_at
)
on conflict (call_id) do nothing
returning case_id;

-- name: lock_cases(case_nos)
-- In the order of their ids, so that two who merge cannot wait for each other.
select case_id, case_no, state, lead_id, extension_days, confidential, matter, opened_by, opened_at,
  version,
  (select p.department_id from case_departments p
    where p.case_id = cases.case_id and p.part = 'responsible') as responsible_id
from cases where case_no = any(:case_nos::text[]) order by case_id for update;

-- name: save_step(case_id, state, lead_id, category_id, extension_days, merged_into, result, matter, at_once, at)$
-- What is null of category and result stays as it was.
update cases set
  state = :state,
  lead_id = :lead_id,
  category_id = coalesce(:category_id, category_id),
  extension_days = :extension_days,
  merged_into = :merged_into,
  result = coalesce(:result, result),
  matter = :matter,
  answered_at_once = answered_at_once or :at_once,
  closed_at = case when :state <> 'closed' then null else coalesce(closed_at, :at) end,
  version = version + 1
where case_id = :case_id
returning version;

-- name: forget_departments(case_id)!
delete from case_departments where case_id = :case_id;

-- name: place_case(case_id, lead_id, responsible_id, assisting)!
insert into case_departments (
  case_id, department_id, part, state, opened_at, confidential, category_id
)
select c.case_id, d.department_id, d.part, c.state, c.opened_at, c.confidential, c.category_id
from cases c, (
  select :lead_id::bigint, 'lead' union all
  select :responsible_id::bigint, 'responsible' where :responsible_id::bigint is not null union all
  select department_id, 'assisting' from unnest(:assisting::bigint[]) as each (department_id)
) as d (department_id, part)
where c.case_id = :case_id;

-- name: assisting_ids(case_id)
select department_id from case_departments where case_id = :case_id and part = 'assisting';

-- name: part_in_case(case_id, department_id)$
select part from case_departments where case_id = :case_id and department_id = :department_id;

-- name: is_at_or_below(case_id, department_id)$
-- Whether a department of the case is that one or below it: four levels at most to climb.
with recursive climbed as (
  select d.department_id, d.parent_id from case_departments c join departments d using (department_id)
  where c.case_id = :case_id
  union
  select d.department_id, d.parent_id from climbed join departments d on d.department_id = climbed.parent_id
)
select exists (select from climbed where department_id = :department_id);

-- name: audience(case_id)
-- Codes of the departments that see the case.
with recursive climbed as (
  select d.code, d.parent_id from case_departments c join departments d using (department_id)
  where c.case_id = :case_id
  union
  select d.code, d.parent_id from climbed join departments d on d.department_id = climbed.parent_id
)
select code from climbed order by code;

-- name: id_of_number(case_no)$
select case_id from cases where case_no = :case_no;

-- name: id_of_call(call_id)$
select case_id from cases where call_id = :call_id;

-- name: ids_of_caller(caller, see_all, viewer, limit)
-- However the number was sent: one walk along the index for each spelling.
select n.case_id from unnest(caller_spellings(caller_number(:caller))) as s (spelling)
cross join lateral (
  select case_id, opened_at from cases where caller = s.spelling and caller <> ''
    and (:see_all or not confidential or opened_by = :viewer)
  order by opened_at desc, case_id desc limit :limit
) n
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: count_open_of_caller(caller, see_all, viewer)$
select count(*) from cases
where caller = any (caller_spellings(caller_number(:caller))) and caller <> ''
  and state not in ('closed', 'withdrawn', 'merged')
  and (:see_all or not confidential or opened_by = :viewer);

-- name: cases_by_ids(case_ids)
-- The ids go through a sub-select, so that the planner does not see how many there are: it would
-- plan these joins anew each time, which takes longer than to run them.
select c.*, u.login as opened_by_login, k.code as category_code, k.name as category_name,
  d.code as lead_code, d.name as lead_name, m.case_no as merged_no, a.codes as assisting_codes,
  a.names as assisting_names, r.code as responsible_code, r.name as responsible_name
from cases c
join users u on u.user_id = c.opened_by
left join categories k on k.category_id = c.category_id
left join departments d on d.department_id = c.lead_id
left join cases m on m.case_id = c.merged_into
cross join lateral (
  select coalesce(array_agg(o.code order by o.code), '{}') as codes,
    coalesce(array_agg(o.name order by o.code), '{}') as names
  from case_departments p join departments o using (department_id)
  where p.case_id = c.case_id and p.part = 'assisting'
) a
left join case_departments q on q.case_id = c.case_id and q.part = 'responsible'
left join departments r on r.department_id = q.department_id
where c.case_id = any((select :case_ids::bigint[])::bigint[])
order by c.opened_at desc, c.case_id desc;

-- name: insert_history(case_id, version, at, actor, step, note, from_state, to_state, from_department, to_department, days, other_case, matter)!
insert into case_history (
  case_id, version, at, actor, step, note, from_state, to_state, from_department, to_department,
  days, other_case, matter
) values (
  :case_id, :version, :at, :actor, :step, :note, :from_state, :to_state, :from_department,
  :to_department, :days, :other_case, :matter
);

-- name: note_by_system(case_id, at, step, note)*!
-- A step like any other: the version of the case grows with it.
with noted as (
  update cases set version = version + 1 where case_id = :case_id
  returning case_id, version, state, lead_id
)
insert into case_history (
  case_id, version, at, actor, step, note, from_state, to_state, from_department, to_department
)
select case_id, version, :at, 'system', :step, :note, state, state, lead_id, lead_id from noted;

-- name: history_of_case(case_id)
select h.at, h.actor, h.step, h.note, h.version, h.from_state, h.to_state, h.days, h.matter,
  f.code as from_code, f.name as from_name, t.code as to_code, t.name as to_name,
  o.case_no as other_case
from case_history h
left join departments f on f.department_id = h.from_department
left join departments t on t.department_id = h.to_department
left join cases o on o.case_id = h.other_case
where h.case_id = :case_id order by h.version;

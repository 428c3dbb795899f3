-- Each query walks one index from its newest entry on and stops after :limit; the other conditions
-- are looked at on the way. `states` is never empty. A viewer sees confidential cases with
-- `see_all`, those he has opened, and those of his `own` department.

-- name: newest(see_all, viewer, before, limit)
select c.case_id from cases c
where (:see_all or not c.confidential or c.opened_by = :viewer)
  and c.opened_at < :before
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: of_states(states, see_all, viewer, before, limit)
select n.case_id from unnest(:states::text[]) as s (state)
cross join lateral (
  select c.case_id, c.opened_at from cases c
  where c.state = s.state
    and (:see_all or not c.confidential or c.opened_by = :viewer)
    and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :limit
) n
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: of_opener(opener, states, departments, parts, before, limit)
select c.case_id from cases c
where c.opened_by = :opener and c.state = any(:states::text[]) and c.opened_at < :before
  and (:departments::bigint[] is null or exists (
    select from case_departments p
    where p.case_id = c.case_id and p.department_id = any(:departments::bigint[])
      and p.part = any(:parts::text[])
  ))
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: of_category(category, states, opener, departments, parts, own, see_all, viewer, before, limit)
-- Of a class: of all its sub-classes. `departments` null: wherever it is.
select n.case_id from categories k
cross join lateral (
  select c.case_id, c.opened_at from cases c
  where c.category_id = k.category_id
    and c.state = any(:states::text[])
    and (:opener::bigint is null or c.opened_by = :opener)
    and case when :departments::bigint[] is null
      then :see_all or not c.confidential or c.opened_by = :viewer
      else exists (
        select from case_departments p
        where p.case_id = c.case_id and p.department_id = any(:departments::bigint[])
          and p.part = any(:parts::text[])
          and (:see_all or not c.confidential or c.opened_by = :viewer or p.department_id = :own)
      ) end
    and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :limit
) n
where k.category_id = :category or k.parent_id = :category
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: of_source(source, category, states, opener, departments, parts, own, see_all, viewer, before, limit)
-- `category` and `departments` null: any.
select c.case_id from cases c
where c.source = :source
  and (:category::bigint is null or c.category_id in (
    select category_id from categories where category_id = :category or parent_id = :category
  ))
  and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and case when :departments::bigint[] is null
    then :see_all or not c.confidential or c.opened_by = :viewer
    else exists (
      select from case_departments p
      where p.case_id = c.case_id and p.department_id = any(:departments::bigint[])
        and p.part = any(:parts::text[])
        and (:see_all or not c.confidential or c.opened_by = :viewer or p.department_id = :own)
    ) end
  and c.opened_at < :before
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: of_departments(departments, parts, states, own, see_all, viewer, before, limit)
-- A case of several of them is found several times, and listed once.
select n.case_id from unnest(:departments::bigint[]) as d (department_id)
cross join unnest(:states::text[]) as s (state)
cross join lateral (
  select p.case_id, p.opened_at from case_departments p
  where p.department_id = d.department_id and p.state = s.state
    and p.part = any(:parts::text[])
    and (:see_all or not p.confidential or p.department_id = :own or exists (
      select from cases c where c.case_id = p.case_id and c.opened_by = :viewer
    ))
    and p.opened_at < :before
  order by p.opened_at desc, p.case_id desc limit :limit
) n
group by n.case_id, n.opened_at
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: recent_of_departments(departments, parts, own, see_all, viewer, before, probe, limit)
-- Those among the :probe newest of all cases: of many departments a page is soon found there. Looked
-- up one by one (an `exists` would be joined to all of case_departments), until the page is full.
select n.case_id from (
  select c.case_id, c.opened_at, c.confidential, c.opened_by from cases c
  where c.opened_at < :before order by c.opened_at desc, c.case_id desc limit :probe
) n
cross join lateral (
  select from case_departments p
  where p.case_id = n.case_id and p.department_id = any(:departments::bigint[])
    and p.part = any(:parts::text[])
    and (:see_all or not n.confidential or n.opened_by = :viewer or p.department_id = :own)
  limit 1
) p
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: recent_of_departments_in_state(departments, parts, state, own, see_all, viewer, before, probe, limit)
-- The same among the newest in one state.
select n.case_id from (
  select c.case_id, c.opened_at, c.confidential, c.opened_by from cases c
  where c.state = :state and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :probe
) n
cross join lateral (
  select from case_departments p
  where p.case_id = n.case_id and p.department_id = any(:departments::bigint[])
    and p.part = any(:parts::text[])
    and (:see_all or not n.confidential or n.opened_by = :viewer or p.department_id = :own)
  limit 1
) p
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: counts_of_departments(department, states)
-- How many cases of which a department is in charge are in each of these states.
select p.state, count(*) as cases from case_departments p
where p.department_id = :department and p.part = 'lead' and p.state = any(:states::text[])
group by p.state;

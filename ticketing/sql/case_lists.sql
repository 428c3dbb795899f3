-- Each query walks one index from its newest entry on and stops after :limit; the other conditions
-- are looked at on the way. `states` is never empty, `categories` null: any. A viewer sees
-- confidential cases with `see_all`, those he has opened, and those of his `own` department: that is
-- said by `visible_cases` (migration 0012), and for rows of case_departments once in each query.

-- name: newest(see_all, viewer, since, before, limit)
select c.case_id from visible_cases(null, null, :see_all, :viewer, null) c
where c.opened_at >= :since and c.opened_at < :before
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: of_states(states, see_all, viewer, since, before, limit)
select n.case_id from unnest(:states::text[]) as s (state)
cross join lateral (
  select c.case_id, c.opened_at from visible_cases(null, null, :see_all, :viewer, null) c
  where c.state = s.state and c.opened_at >= :since and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :limit
) n
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: of_opener(opener, states, categories, departments, parts, own, see_all, viewer, since, before, limit)
select n.case_id from unnest(:states::text[]) as s (state)
cross join lateral (
  select c.case_id, c.opened_at
  from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
  where c.opened_by = :opener and c.state = s.state
    and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
    and c.opened_at >= :since and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :limit
) n
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: of_source(source, states, opener, categories, departments, parts, own, see_all, viewer, since, before, limit)
select c.case_id from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
where c.source = :source and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
  and c.opened_at >= :since and c.opened_at < :before
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: newest_among(case_ids, source, departments, parts, own, see_all, viewer, limit)
-- Of a few cases that are what else is wanted those that came this way: each is looked up.
select c.case_id from unnest(:case_ids::bigint[]) as i (case_id)
cross join lateral (
  select c.case_id, c.opened_at
  from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
  where c.case_id = i.case_id and c.source = :source limit 1
) c
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: of_categories(categories, states, departments, parts, own, see_all, viewer, since, before, limit)
-- `departments` null: wherever it is.
select n.case_id from unnest(:categories::bigint[]) as k (category_id)
cross join unnest(:states::text[]) as s (state)
cross join lateral (
  select c.case_id, c.opened_at
  from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
  where c.category_id = k.category_id and c.state = s.state
    and c.opened_at >= :since and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :limit
) n
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: of_departments(departments, parts, states, categories, own, see_all, viewer, since, before, limit)
-- A case of several of them is found several times, and listed once.
select n.case_id from unnest(:departments::bigint[]) as d (department_id)
cross join unnest(:states::text[]) as s (state)
cross join lateral (
  select p.case_id, p.opened_at from case_departments p
  where p.department_id = d.department_id and p.state = s.state
    and p.part = any(:parts::text[])
    and (:categories::bigint[] is null or p.category_id = any(:categories::bigint[]))
    and (:see_all or not p.confidential or p.department_id = :own or exists (
      select from cases c where c.case_id = p.case_id and c.opened_by = :viewer
    ))
    and p.opened_at >= :since and p.opened_at < :before
  order by p.opened_at desc, p.case_id desc limit :limit
) n
group by n.case_id, n.opened_at
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: of_departments_by_category(departments, parts, states, categories, own, see_all, viewer, since, before, limit)
-- The same along the index by category, for states that most cases are in.
select n.case_id from unnest(:departments::bigint[]) as d (department_id)
cross join unnest(:categories::bigint[]) as k (category_id)
cross join lateral (
  select p.case_id, p.opened_at from case_departments p
  where p.department_id = d.department_id and p.category_id = k.category_id
    and p.state = any(:states::text[]) and p.part = any(:parts::text[])
    and (:see_all or not p.confidential or p.department_id = :own or exists (
      select from cases c where c.case_id = p.case_id and c.opened_by = :viewer
    ))
    and p.opened_at >= :since and p.opened_at < :before
  order by p.opened_at desc, p.case_id desc limit :limit
) n
group by n.case_id, n.opened_at
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: recent_of_departments(departments, parts, own, see_all, viewer, since, before, probe, limit)
-- Those among the :probe newest of all cases: of many departments a page is soon found there. Looked
-- up one by one (an `exists` would be joined to all of case_departments), until the page is full.
select n.case_id from (
  select c.case_id, c.opened_at from cases c
  where c.opened_at >= :since and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :probe
) n
cross join lateral (
  select from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
  where c.case_id = n.case_id limit 1
) c
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: recent_of_departments_in_state(departments, parts, state, own, see_all, viewer, since, before, probe, limit)
-- The same among the newest in one state.
select n.case_id from (
  select c.case_id, c.opened_at from cases c
  where c.state = :state and c.opened_at >= :since and c.opened_at < :before
  order by c.opened_at desc, c.case_id desc limit :probe
) n
cross join lateral (
  select from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
  where c.case_id = n.case_id limit 1
) c
order by n.opened_at desc, n.case_id desc limit :limit;

-- name: some_of_departments(departments, parts, states, categories, since, before, limit)
-- Any cases of them, at most :limit, seen or not.
select p.case_id from case_departments p
where p.department_id = any(:departments::bigint[]) and p.state = any(:states::text[])
  and p.part = any(:parts::text[])
  and (:categories::bigint[] is null or p.category_id = any(:categories::bigint[]))
  and p.opened_at >= :since and p.opened_at < :before
limit :limit;

-- name: some_of_opener(opener, states, categories, since, before, limit)
select c.case_id from cases c
where c.opened_by = :opener and c.state = any(:states::text[])
  and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
  and c.opened_at >= :since and c.opened_at < :before
limit :limit;

-- name: some_of_categories(categories, states, since, before, limit)
select c.case_id from cases c
where c.category_id = any(:categories::bigint[]) and c.state = any(:states::text[])
  and c.opened_at >= :since and c.opened_at < :before
limit :limit;

-- name: some_of_states(states, since, before, limit)
select c.case_id from cases c
where c.state = any(:states::text[]) and c.opened_at >= :since and c.opened_at < :before
limit :limit;

-- name: hidden_numbers(numbers, departments, parts, see_all, viewer, own)
-- Of these the confidential cases that are not to be seen.
select c.case_no from cases c
where c.case_no = any(:numbers::text[]) and c.confidential and not exists (
  select from visible_cases(:departments, :parts, :see_all, :viewer, :own) v
  where v.case_id = c.case_id
);

-- name: counts_of_departments(department, states)
-- How many cases of which a department is in charge are in each of these states.
select p.state, count(*) as cases from case_departments p
where p.department_id = :department and p.part = 'lead' and p.state = any(:states::text[])
group by p.state;

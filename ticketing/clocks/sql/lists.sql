-- name: dated_cases(from_deadline, from_case, yellow_after, yellow_until, deadline_until, states, departments, parts, categories, opener, source, see_all, viewer, own, since, before, limit)
-- Cases by the deadline of their most pressing clock, soonest first, after a (deadline, case); an
-- index of running clocks gives them in this order, however many cases there are.
select c.case_id
from pressing_clocks k
join visible_cases(:departments, :parts, :see_all, :viewer, :own) c using (case_id)
where (k.deadline, k.case_id) > (coalesce(:from_deadline::timestamptz, '-infinity'), :from_case::bigint)
  and k.deadline <= coalesce(:deadline_until::timestamptz, 'infinity')
  and k.yellow_from > coalesce(:yellow_after::timestamptz, '-infinity')
  and k.yellow_from <= coalesce(:yellow_until::timestamptz, 'infinity')
  and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and (:source::text is null or c.source = :source)
  and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
  and c.opened_at >= :since and c.opened_at < :before
order by k.deadline, k.case_id
limit :limit;

-- name: dated_among(case_ids, from_deadline, from_case, yellow_after, yellow_until, deadline_until, source, departments, parts, see_all, viewer, own, limit)
-- The same of a few cases that are known to be what is wanted: each is looked up.
select k.case_id
from unnest(:case_ids::bigint[]) as i (case_id)
cross join lateral (
  select k.case_id, k.deadline from pressing_clocks k
  where k.case_id = i.case_id
    and (k.deadline, k.case_id) > (coalesce(:from_deadline::timestamptz, '-infinity'), :from_case::bigint)
    and k.deadline <= coalesce(:deadline_until::timestamptz, 'infinity')
    and k.yellow_from > coalesce(:yellow_after::timestamptz, '-infinity')
    and k.yellow_from <= coalesce(:yellow_until::timestamptz, 'infinity')
) k
cross join lateral (
  select from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
  where c.case_id = i.case_id and (:source::text is null or c.source = :source) limit 1
) c
order by k.deadline, k.case_id
limit :limit;

-- name: place_of_case(case_id)^
-- Where the list by deadline goes on after this case.
select (
  select k.deadline from case_clocks k where k.case_id = :case_id
  order by k.stopped_at nulls first, k.paused_at nulls first, k.deadline nulls last, k.clock_id
  limit 1
) as deadline;

-- name: timeless_cases(paused, after_case, states, departments, parts, categories, opener, source, see_all, viewer, own, since, before, limit)
-- Cases none of whose clocks counts down: all paused, or without a deadline.
select c.case_id
from (
  select case_id from case_clocks
  where stopped_at is null and (paused_at is not null or deadline is null)
  group by case_id
) k
join visible_cases(:departments, :parts, :see_all, :viewer, :own) c using (case_id)
where c.case_id > :after_case
  and :paused = not exists (
    select from case_clocks o
    where o.case_id = c.case_id and o.stopped_at is null and o.paused_at is null
      and o.deadline is null
  )
  and not exists (
    select from case_clocks o
    where o.case_id = c.case_id and o.stopped_at is null and o.paused_at is null
      and o.deadline is not null
  )
  and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and (:source::text is null or c.source = :source)
  and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
  and c.opened_at >= :since and c.opened_at < :before
order by c.case_id
limit :limit;

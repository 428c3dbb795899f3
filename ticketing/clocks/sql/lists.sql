-- name: dated_cases(from_deadline, from_case, yellow_after, yellow_until, deadline_until, states, departments, parts, category, opener, see_all, viewer, own, limit)
-- Cases by the deadline of their most pressing clock, soonest first, after a (deadline, case); an
-- index of running clocks gives them in this order, however many cases there are. The conditions on
-- the case, and who may see it, are those of the lists by registration (`case_lists.sql`).
select c.case_id
from case_clocks k join cases c using (case_id)
where k.stopped_at is null and k.paused_at is null
  and (k.deadline, k.case_id) > (coalesce(:from_deadline::timestamptz, '-infinity'), :from_case::bigint)
  and k.deadline <= coalesce(:deadline_until::timestamptz, 'infinity')
  and k.yellow_from > coalesce(:yellow_after::timestamptz, '-infinity')
  and k.yellow_from <= coalesce(:yellow_until::timestamptz, 'infinity')
  and not exists (
    select from case_clocks o
    where o.case_id = k.case_id and o.stopped_at is null and o.paused_at is null
      and (o.deadline, o.clock_id) < (k.deadline, k.clock_id)
  )
  and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and (:category::bigint is null or c.category_id in (
    select s.category_id from categories s where :category in (s.category_id, s.parent_id)
  ))
  and case when :departments::bigint[] is null
    then :see_all or not c.confidential or c.opened_by = :viewer
    else exists (
      select from case_departments p
      where p.case_id = c.case_id and p.department_id = any(:departments::bigint[])
        and p.part = any(:parts::text[])
        and (:see_all or not c.confidential or c.opened_by = :viewer or p.department_id = :own)
    ) end
order by k.deadline, k.case_id
limit :limit;

-- name: place_of_case(case_id)^
-- Where the list by deadline goes on after this case.
select (
  select k.deadline from case_clocks k where k.case_id = :case_id
  order by k.stopped_at nulls first, k.paused_at nulls first, k.deadline nulls last, k.clock_id
  limit 1
) as deadline;

-- name: timeless_cases(paused, after_case, states, departments, parts, category, opener, see_all, viewer, own, limit)
-- Cases none of whose clocks counts down: all paused, or without a deadline.
select c.case_id
from (
  select case_id from case_clocks
  where stopped_at is null and (paused_at is not null or deadline is null)
  group by case_id
) k join cases c using (case_id)
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
  and (:category::bigint is null or c.category_id in (
    select s.category_id from categories s where :category in (s.category_id, s.parent_id)
  ))
  and case when :departments::bigint[] is null
    then :see_all or not c.confidential or c.opened_by = :viewer
    else exists (
      select from case_departments p
      where p.case_id = c.case_id and p.department_id = any(:departments::bigint[])
        and p.part = any(:parts::text[])
        and (:see_all or not c.confidential or c.opened_by = :viewer or p.department_id = :own)
    ) end
order by c.case_id
limit :limit;

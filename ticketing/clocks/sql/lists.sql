-- name: dated_cases(from_deadline, from_case, yellow_after, yellow_until, deadline_until, state, limit)
-- Cases by the deadline of their most pressing clock, soonest first, after a (deadline, case); an
-- index of running clocks gives them in this order, however many cases there are.
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
  and (:state::text is null or c.state = :state)
order by k.deadline, k.case_id
limit :limit;

-- name: place_of_case(case_no)^
-- Where the list by deadline goes on after this case.
select k.deadline, c.case_id
from cases c left join case_clocks k using (case_id)
where c.case_no = :case_no
order by k.stopped_at nulls first, k.paused_at nulls first, k.deadline nulls last, k.clock_id
limit 1;

-- name: timeless_cases(paused, after_case, state, limit)
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
  and (:state::text is null or c.state = :state)
order by c.case_id
limit :limit;

-- name: run_imported(case_ids, kinds, rule_ids, starts, deadlines, yellows, actor, now)!
with started as (
  insert into case_clocks (
    case_id, kind, rule_id, started_at, deadline, yellow_from, notice_at
  )
  select case_id, kind, rule_id, started_at, deadline, yellow_from, case
      when deadline <= :now::timestamptz then null
      when yellow_from <= :now::timestamptz then deadline
      else yellow_from
    end
  from unnest(
    :case_ids::bigint[], :kinds::text[], :rule_ids::bigint[], :starts::timestamptz[],
    :deadlines::timestamptz[], :yellows::timestamptz[]
  ) as given (case_id, kind, rule_id, started_at, deadline, yellow_from)
  returning clock_id, kind, started_at, deadline, yellow_from, term
),
entered as (
  insert into case_clock_history (clock_id, at, actor, act)
  select clock_id, started_at, :actor::text, 'started' from started
)
insert into case_clock_notices (clock_id, term, notice, kind, made_at)
select clock_id, term, notice, kind, due_at
from started cross join lateral (
  values ('reminded', case when deadline > :now::timestamptz then yellow_from end), ('overdue', deadline)
) as due (notice, due_at)
where due_at <= :now::timestamptz;

-- name: insert_clock(case_id, kind, rule_id, started_at)$
-- Nothing is returned when such a clock of the case runs.
insert into case_clocks (case_id, kind, rule_id, started_at)
values (:case_id, :kind, :rule_id, :started_at)
on conflict (case_id, kind) where stopped_at is null do nothing
returning clock_id;

-- name: lock_running(case_id, kind)^
select k.*, r.category, r.urgency, r.version as rule_version,
  r.sign_amount, r.sign_unit, r.close_amount, r.close_unit
from case_clocks k join clock_rules r using (rule_id)
where k.case_id = :case_id and k.kind = :kind and k.stopped_at is null
for update of k;

-- name: running_after(clock_id, limit)
select k.*, r.category, r.urgency, r.version as rule_version,
  r.sign_amount, r.sign_unit, r.close_amount, r.close_unit
from case_clocks k join clock_rules r using (rule_id)
where k.stopped_at is null and k.clock_id > :clock_id
order by k.clock_id
limit :limit;

-- name: moved_since(case_ids, at)
-- Clocks that ran at :at and were paused, resumed or extended after it.
select k.*, r.category, r.urgency, r.version as rule_version,
  r.sign_amount, r.sign_unit, r.close_amount, r.close_unit
from case_clocks k join clock_rules r using (rule_id)
where k.case_id = any(:case_ids::bigint[])
  and k.started_at <= :at and (k.stopped_at is null or k.stopped_at > :at)
  and exists (
    select from case_clock_history h
    where h.clock_id = k.clock_id and h.at > :at and h.act in ('paused', 'resumed', 'extended')
  );

-- name: clocks_of_cases(case_ids)
-- Every clock of these cases: those that run first, the most pressing first of all.
select k.*, r.category, r.urgency, r.version as rule_version,
  r.sign_amount, r.sign_unit, r.close_amount, r.close_unit
from case_clocks k join clock_rules r using (rule_id)
where k.case_id = any(:case_ids::bigint[])
order by k.stopped_at nulls first, k.paused_at nulls first, k.deadline nulls last, k.clock_id;

-- name: date_clock(clock_id, deadline, yellow_from)!
-- With the next notice that this term has not had.
update case_clocks k
set deadline = :deadline, yellow_from = :yellow_from, notice_at = case
  when exists (
    select from case_clock_notices n
    where n.clock_id = k.clock_id and n.term = k.term and n.notice = 'overdue'
  ) then null
  when exists (
    select from case_clock_notices n
    where n.clock_id = k.clock_id and n.term = k.term and n.notice = 'reminded'
  ) then :deadline
  else :yellow_from::timestamptz
end
where clock_id = :clock_id;

-- name: pause_clock(clock_id, at)!
update case_clocks set paused_at = :at where clock_id = :clock_id;

-- name: resume_clock(clock_id)!
update case_clocks set paused_at = null where clock_id = :clock_id;

-- name: begin_term(clock_id)!
update case_clocks set term = term + 1 where clock_id = :clock_id;

-- name: stop_clock(clock_id, at)!
update case_clocks set stopped_at = :at, notice_at = null where clock_id = :clock_id;

-- name: insert_entry(clock_id, at, actor, act, amount, unit, note)!
insert into case_clock_history (clock_id, at, actor, act, amount, unit, note)
values (:clock_id, :at, :actor, :act, :amount, :unit, :note);

-- name: entries_of(clock_ids)
select clock_id, at, actor, act, amount, unit, note from case_clock_history
where clock_id = any(:clock_ids::bigint[])
order by entry_id;

-- name: leave_state(switchboard, agent, state, reason, at)!
-- Ends the open interval unless the seat is, by `state` and `reason`, still in it.
update seat_intervals set ended_at = greatest(started_at, :at)
where switchboard = :switchboard and agent = :agent and ended_at is null
  and (state, reason) is distinct from (:state, :reason);

-- name: enter_state(switchboard, agent, state, reason, at)!
-- Opens an interval unless one is open already; a repeated event changes nothing.
insert into seat_intervals (switchboard, agent, state, reason, started_at)
select :switchboard, :agent, :state, :reason, :at
where not exists (
  select from seat_intervals
  where switchboard = :switchboard and agent = :agent and ended_at is null
)
on conflict do nothing;

-- name: leave_state(switchboard, agent, state, reason, at)!
-- Ends the open interval, unless the seat is, by `state` and `reason`, still in it, or this was
-- recorded before: a batch whose commit nobody heard of comes again.
update seat_intervals set ended_at = greatest(started_at, :at)
where switchboard = :switchboard and agent = :agent and ended_at is null
  and (state, reason) is distinct from (:state, :reason)
  and not exists (
    select from seat_intervals recorded
    where recorded.switchboard = :switchboard and recorded.agent = :agent
      and recorded.started_at = :at and (recorded.state, recorded.reason) = (:state, :reason)
  );

-- name: enter_state(switchboard, agent, state, reason, at)!
-- Opens an interval unless one is open already; a repeated event changes nothing. It begins where
-- the one before ended; one that lasted no time at all makes room.
insert into seat_intervals as known (switchboard, agent, state, reason, started_at)
select :switchboard, :agent, :state, :reason, greatest(:at, (
  select max(ended_at) from seat_intervals where switchboard = :switchboard and agent = :agent
))
where not exists (
  select from seat_intervals
  where switchboard = :switchboard and agent = :agent and ended_at is null
)
on conflict (switchboard, agent, started_at) do update
set state = excluded.state, reason = excluded.reason, ended_at = null
where known.ended_at = known.started_at;

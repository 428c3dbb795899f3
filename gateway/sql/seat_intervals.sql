-- name: leave_state(switchboard, agent, state, reason, call_id, at)!
-- Ends the open interval, unless the seat is, by `state`, `reason` and call, still in it (a call
-- that is not known any more is no other call), or this was recorded before: a batch whose commit
-- nobody heard of comes again.
update seat_intervals set ended_at = greatest(started_at, :at)
where switchboard = :switchboard and agent = :agent and ended_at is null
  and (
    (state, reason) is distinct from (:state, :reason)
    or (:call_id::text is not null and call_id is distinct from :call_id)
  )
  and not exists (
    select from seat_intervals recorded
    where recorded.switchboard = :switchboard and recorded.agent = :agent
      and recorded.started_at = :at and (recorded.state, recorded.reason) = (:state, :reason)
  );

-- name: enter_state(switchboard, agent, state, reason, call_id, at)!
-- Opens an interval unless one is open already; a repeated event changes nothing. It begins where
-- the one before ended; one that lasted no time at all makes room.
insert into seat_intervals as known (switchboard, agent, state, reason, call_id, started_at)
select :switchboard, :agent, :state, :reason, :call_id::text, greatest(:at, (
  select max(ended_at) from seat_intervals where switchboard = :switchboard and agent = :agent
))
where not exists (
  select from seat_intervals
  where switchboard = :switchboard and agent = :agent and ended_at is null
)
on conflict (switchboard, agent, started_at) do update
set state = excluded.state, reason = excluded.reason, call_id = excluded.call_id, ended_at = null
where known.ended_at = known.started_at;

-- name: save_calls(calls, source)!
-- The newest known state of each call of the batch; a row never goes back to an older revision, and
-- keeps the mode and district that its line had when it was first recorded.
insert into calls as known (
  call_id, switchboard, uniqueid, line, caller, queue, arrived_at, offered_at, answered_at,
  ended_at, outcome, wait_s, talk_s, hold_s, agent, agents, revision, source, line_mode, district
)
select
  call_id, switchboard, uniqueid, line, caller, queue, arrived_at, offered_at, answered_at,
  ended_at, outcome, wait_s, talk_s, hold_s, agent, agents, revision, :source, line_mode,
  district
from jsonb_to_recordset(:calls::jsonb) as changed (
  call_id text, switchboard text, uniqueid text, line text, caller text, queue text,
  arrived_at timestamptz, offered_at timestamptz, answered_at timestamptz, ended_at timestamptz,
  outcome text, wait_s double precision, talk_s double precision, hold_s double precision,
  agent text, agents jsonb, revision integer, line_mode text, district text
)
order by call_id
on conflict (call_id) do update set
  line = excluded.line, caller = excluded.caller, queue = excluded.queue,
  arrived_at = excluded.arrived_at, offered_at = excluded.offered_at,
  answered_at = excluded.answered_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
  wait_s = excluded.wait_s, talk_s = excluded.talk_s, hold_s = excluded.hold_s,
  agent = excluded.agent, agents = excluded.agents, revision = excluded.revision,
  source = excluded.source, recorded_at = now(),
  line_mode = case when known.line = excluded.line then known.line_mode else excluded.line_mode end,
  district = case when known.line = excluded.line then known.district else excluded.district end
where excluded.revision > known.revision;

-- name: open_calls(switchboard)
-- Calls of a switchboard that were up when last heard of.
select * from calls where switchboard = :switchboard and ended_at is null;

-- name: calls_since(switchboard, since)
-- Calls of a switchboard that arrived at or after a time, for comparison with its ledger.
select * from calls where switchboard = :switchboard and arrived_at >= :since;

-- name: open_calls_of(switchboard, uniqueids)
-- Calls of a switchboard that are recorded as open, of these.
select * from calls
where switchboard = :switchboard and uniqueid = any (:uniqueids::text[]) and ended_at is null;

-- name: ended_calls(call_ids)
-- Those of these calls that are known to have ended.
select * from calls where call_id = any(:call_ids::text[]) and ended_at is not null;

-- name: who_served(call_id)^
-- The agent who had the caller last, and the queue; null where nobody had.
select coalesce(agents -> -1 ->> 'agent', agent) as agent, queue from calls where call_id = :call_id;

-- name: last_known(switchboard, recorded_before)$
-- When the newest call that was known to have ended by then arrived; null when none was.
select max(arrived_at) from calls
where switchboard = :switchboard and ended_at is not null and recorded_at < :recorded_before;

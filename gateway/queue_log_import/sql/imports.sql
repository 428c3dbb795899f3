-- name: lock_import(switchboard)$
-- True unless another import into this switchboard is under way; held until the session ends.
select pg_try_advisory_lock(hashtextextended('queue_log_imports ' || :switchboard, 0));

-- name: make_batch_tables#
create temporary table batch_calls (
  position integer, call_id text, uniqueid text, caller text, queue text, arrived_at timestamptz,
  offered_at timestamptz, answered_at timestamptz, ended_at timestamptz, outcome text,
  wait_s double precision, talk_s double precision, agent text, agents jsonb, revision integer
) on commit delete rows;
create temporary table batch_stretches (
  agent text, state text, reason text, started_at timestamptz, ended_at timestamptz
) on commit delete rows;

-- name: store_calls(switchboard)^
-- A call that is there already is left alone, unless its end is not known and is known now, or it
-- was recorded live, is still open, and cannot be up any more. Of two accounts in one batch the
-- more complete counts, else the earlier one.
with stored as (
  insert into calls as known (
    call_id, switchboard, uniqueid, line, caller, queue, arrived_at, offered_at, answered_at,
    ended_at, outcome, wait_s, talk_s, agent, agents, revision, source
  )
  select distinct on (call_id)
    call_id, :switchboard, uniqueid, '', caller, queue, arrived_at, offered_at, answered_at,
    ended_at, outcome, wait_s, talk_s, agent, agents, revision, 'ledger'
  from batch_calls
  order by call_id, revision desc, position
  on conflict (call_id) do update set
    caller = coalesce(nullif(known.caller, ''), excluded.caller), queue = excluded.queue,
    offered_at = coalesce(known.offered_at, excluded.offered_at),
    answered_at = excluded.answered_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
    wait_s = excluded.wait_s, talk_s = excluded.talk_s, hold_s = 0, agent = excluded.agent,
    agents = excluded.agents, revision = greatest(known.revision + 1, excluded.revision),
    source = excluded.source, recorded_at = now()
  where (known.source = 'ledger' and known.revision < excluded.revision)
    or (known.ended_at is null and known.arrived_at < now() - interval '1 day')
  returning xmax = 0 as fresh
)
select
  count(*) filter (where fresh) as added, count(*) filter (where not fresh) as completed
from stored;

-- name: store_stretches(switchboard)!
-- Only where nothing is recorded of the seat: what is there already is cut out. The states of a seat
-- do not overlap, so that only the last one that began earlier can reach into the batch.
with spans as (
  select agent, min(started_at) as started_at, max(ended_at) as ended_at
  from batch_stretches
  group by agent
),
taken as (
  select spans.agent, range_agg(tstzrange(known.started_at, known.ended_at)) as ranges
  from spans
  cross join lateral (
    (
      select i.started_at, i.ended_at
      from seat_intervals i
      where i.switchboard = :switchboard and i.agent = spans.agent
        and i.started_at < spans.started_at
      order by i.started_at desc
      limit 1
    )
    union all
    select i.started_at, i.ended_at
    from seat_intervals i
    where i.switchboard = :switchboard and i.agent = spans.agent
      and i.started_at >= spans.started_at and i.started_at < spans.ended_at
  ) known
  group by spans.agent
)
insert into seat_intervals (switchboard, agent, state, reason, started_at, ended_at, source)
select :switchboard, b.agent, b.state, b.reason, lower(piece), upper(piece), 'ledger'
from batch_stretches b
left join taken on taken.agent = b.agent
cross join lateral unnest(
  tstzmultirange(tstzrange(b.started_at, b.ended_at)) - coalesce(taken.ranges, '{}')
) piece
on conflict do nothing;

-- name: known_import(switchboard, source)^
select place, mark, counts, state
from queue_log_imports
where switchboard = :switchboard and source = :source;

-- name: state_before(switchboard, source, first_at)$
-- What was not over at the end of the source that ended last before this one began.
select state from queue_log_imports
where switchboard = :switchboard and source <> :source and last_at <= :first_at
order by last_at desc, committed_at desc
limit 1;

-- name: save_import(switchboard, source, name, place, mark, first_at, last_at, counts, state)!
insert into queue_log_imports (
  switchboard, source, name, place, mark, first_at, last_at, counts, state
) values (
  :switchboard, :source, :name, :place, :mark, :first_at, :last_at, :counts, :state
)
on conflict (switchboard, source) do update set
  name = excluded.name, place = excluded.place, mark = excluded.mark,
  first_at = excluded.first_at, last_at = excluded.last_at, counts = excluded.counts,
  state = excluded.state, committed_at = now();

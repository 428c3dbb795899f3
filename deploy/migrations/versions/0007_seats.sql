alter table users add column queues text[] check (cardinality(queues) > 0);
comment on column users.queues is 'those that the seat serves (综合、专席 …); null: all';

alter table seat_intervals add column call_id text;
comment on column seat_intervals.call_id is
  'the call that the seat was busy with, in wrap-up the one before; null where there was none';
alter table seat_intervals
  add column source text not null default 'live' check (source in ('live', 'ledger'));
create index seat_intervals_call on seat_intervals (call_id) where call_id is not null;

-- States of one seat follow each other: none begins before the one before has ended, nor later,
-- unless the seat was logged out or one of the two was read from a queue_log, which has gaps. An exclusion constraint would need btree_gist, which not every
-- server has, and would say nothing of gaps. The owner's fence and the import's lock keep writers
-- apart; this refuses what one of them has got wrong.
create function seat_intervals_follow() returns trigger language plpgsql as $$
declare
  wrong text;
begin
  select format('%s %s from %s', n.switchboard, n.agent, n.started_at) into wrong
  from new_rows n
  left join lateral (
    select p.state, p.ended_at, p.source from seat_intervals p
    where p.switchboard = n.switchboard and p.agent = n.agent and p.started_at < n.started_at
    order by p.started_at desc limit 1
  ) before on true
  left join lateral (
    select f.started_at, f.source from seat_intervals f
    where f.switchboard = n.switchboard and f.agent = n.agent and f.started_at > n.started_at
    order by f.started_at limit 1
  ) next on true
  where (before.state is not null and (
      before.ended_at is null or before.ended_at > n.started_at
      or (
        before.ended_at < n.started_at and before.state <> 'logged_out'
        and before.source = 'live' and n.source = 'live'
      )
    ))
    or (next.started_at is not null and (
      n.ended_at is null or n.ended_at > next.started_at
      or (
        n.ended_at < next.started_at and n.state <> 'logged_out'
        and n.source = 'live' and next.source = 'live'
      )
    ))
  limit 1;
  if wrong is not null then
    raise exception 'states of a seat must follow each other: %', wrong
      using errcode = 'exclusion_violation', constraint = 'seat_intervals_follow',
        table = 'seat_intervals';
  end if;
  return null;
end $$;

create trigger seat_intervals_follow_insert after insert on seat_intervals
  referencing new table as new_rows
  for each statement execute function seat_intervals_follow();
create trigger seat_intervals_follow_update after update on seat_intervals
  referencing new table as new_rows
  for each statement execute function seat_intervals_follow();

-- Missed-call ring-back (漏接回拨). Tasks are made from calls, attempts and drops, per caller
-- (switchboard and number); nothing in ringback_tasks or ringback_calls is known from there alone.

-- The national form of a caller's number: +86, 0086 and the long-distance 0 before a mobile number
-- are taken away, other countries begin with 00. The same person is the same number.
create function caller_number(caller text) returns text language sql immutable parallel safe
  return case
    when caller ~ '^(\+86|0086|86|0)1[3-9][0-9]{9}$' then right(caller, 11)
    when caller ~ '^(\+|00)86[1-9][0-9]{5,}$' then '0' || regexp_replace(caller, '^(\+|00)86', '')
    when caller like '+%' then '00' || substr(caller, 2)
    else caller
  end;

-- Every way in which a number of that form may have been sent: the inverse.
create function caller_spellings(number text) returns text[] language sql immutable parallel safe
  return case
    when number ~ '^1[3-9][0-9]{9}$'
      then array[number, '+86' || number, '0086' || number, '86' || number, '0' || number]
    when number ~ '^00[0-9]' then array[number, '+' || substr(number, 3)]
    when number ~ '^0[1-9]'
      then array[number, '+86' || substr(number, 2), '0086' || substr(number, 2)]
    else array[number]
  end;

create table ringback_tasks (
  task_id         bigint generated always as identity primary key,
  switchboard     text not null,
  number          text not null,
  line            text not null,
  state           text not null
    check (state in ('open', 'in_hand', 'reached', 'dropped', 'given_up', 'expired')),
  reason          text not null check (reason in ('', 'got_through', 'by_supervisor', 'corrected')),
  missed_calls    integer not null check (missed_calls >= 0),
  first_missed_at timestamptz not null,
  last_missed_at  timestamptz not null,
  last_call_id    text not null,
  attempts        integer not null check (attempts >= 0),
  due_at          timestamptz not null,
  expires_at      timestamptz not null,
  agent           text,
  closed_at       timestamptz,
  version         integer not null,
  happened        text not null,
  told_version    integer not null default 0,
  check ((closed_at is null) = (state in ('open', 'in_hand'))),
  check (first_missed_at <= last_missed_at)
) with (fillfactor = 80);
create unique index ringback_tasks_live on ringback_tasks (switchboard, number)
  where state in ('open', 'in_hand');
create index ringback_tasks_caller on ringback_tasks (switchboard, number, closed_at);
create index ringback_tasks_closed_at on ringback_tasks (closed_at) where closed_at is not null;
create index ringback_tasks_untold on ringback_tasks (switchboard) where version > told_version;
comment on column ringback_tasks.told_version is 'the newest version that was published';

-- One row per call that failed; those without a task are counted only.
create table ringback_calls (
  call_id     text primary key,
  switchboard text not null,
  number      text not null,
  verdict     text not null
    check (verdict in ('missed', 'short', 'unasked', 'withheld', 'invalid')),
  line        text not null,
  missed_at   timestamptz not null,
  task_id     bigint references ringback_tasks,
  check ((task_id is not null) = (verdict = 'missed'))
);
create index ringback_calls_task on ringback_calls (task_id) where task_id is not null;

-- A row exists before anything is dialled; attempt_id is the ChannelId of the agent's leg. While
-- the outcome is unknown nobody else can claim the number.
create table ringback_attempts (
  attempt_id  text primary key,
  task_id     bigint not null references ringback_tasks,
  switchboard text not null,
  number      text not null,
  agent       text not null,
  state       text not null check (state in ('claimed', 'dialling', 'ended')),
  outcome     text,
  claimed_at  timestamptz not null,
  dialled_at  timestamptz,
  ended_at    timestamptz,
  check ((ended_at is null) = (state <> 'ended')),
  check ((outcome is null) = (state <> 'ended'))
);
comment on column ringback_attempts.claimed_at is 'by the clock of the switchboard, as all of these';
create unique index ringback_attempts_live_number on ringback_attempts (switchboard, number)
  where state <> 'ended';
create unique index ringback_attempts_live_agent on ringback_attempts (switchboard, agent)
  where state <> 'ended';
create index ringback_attempts_caller on ringback_attempts (switchboard, number, claimed_at);
create index ringback_attempts_task on ringback_attempts (task_id);

create table ringback_drops (
  drop_id     bigint generated always as identity primary key,
  task_id     bigint not null references ringback_tasks,
  switchboard text not null,
  number      text not null,
  at          timestamptz not null,
  decided_at  timestamptz not null,
  decided_by  text not null,
  reason      text not null check (length(reason) between 1 and 200)
);
comment on column ringback_drops.at is
  'up to where it settles what was missed: the newest thing known of the caller then';
create index ringback_drops_caller on ringback_drops (switchboard, number);

-- Callers who have to be looked at anew, because one of their calls changed. Written in the
-- transaction of the call by whoever writes calls; rows are never shared, so nobody waits.
create table ringback_marks (
  mark_id     bigint generated always as identity primary key,
  switchboard text not null,
  number      text not null,
  call_id     text not null
);

-- A city's history is imported without ringing anybody back.
create function mark_ring_backs() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into ringback_marks (switchboard, number, call_id)
    select switchboard, caller_number(caller), call_id from new_rows
    where (ended_at is not null or answered_at is not null)
      and coalesce(ended_at, answered_at) > now() - interval '30 days'
    order by call_id;
  else
    insert into ringback_marks (switchboard, number, call_id)
    select distinct n.switchboard, caller_number(spelt.caller), n.call_id
    from new_rows n
    join old_rows o using (call_id)
    cross join lateral (values (n.caller), (o.caller)) spelt (caller)
    where (n.ended_at, n.answered_at, n.offered_at, n.outcome, n.wait_s, n.caller, n.line)
      is distinct from
      (o.ended_at, o.answered_at, o.offered_at, o.outcome, o.wait_s, o.caller, o.line)
      and (n.ended_at is not null or n.answered_at is not null or o.answered_at is not null)
      and coalesce(n.ended_at, n.answered_at, now()) > now() - interval '30 days';
  end if;
  return null;
end $$;
create trigger calls_ring_backs_insert after insert on calls
  referencing new table as new_rows for each statement execute function mark_ring_backs();
create trigger calls_ring_backs_update after update on calls
  referencing old table as old_rows new table as new_rows
  for each statement execute function mark_ring_backs();

-- What is counted (see the comment on event_totals).
create function ringback_call_events(call ringback_calls)
returns setof event_totals language sql immutable
begin atomic
  select
    'ringback.missed', shanghai_day(call.missed_at), '', call.line, call.verdict, '', 1::numeric;
end;

create function ringback_task_events(task ringback_tasks)
returns setof event_totals language sql immutable
begin atomic
  select name, shanghai_day(at), '', task.line, subject, detail, 1::numeric
  from (values
    ('ringback.opened', task.first_missed_at, '', ''),
    ('ringback.closed', task.closed_at, task.state, task.reason)
  ) counted (name, at, subject, detail)
  where at is not null;
end;

create function ringback_attempt_events(attempt ringback_attempts)
returns setof event_totals language sql immutable
begin atomic
  select
    'ringback.tried', shanghai_day(attempt.ended_at), '', '', '', attempt.outcome, 1::numeric
  where attempt.ended_at is not null;
end;

do $$
declare
  counted text[];
begin
  foreach counted slice 1 in array array[
    ['ringback_calls', 'ringback_call_events'], ['ringback_tasks', 'ringback_task_events'],
    ['ringback_attempts', 'ringback_attempt_events']
  ] loop
    execute format('create trigger event_totals_insert after insert on %I
      referencing new table as new_rows
      for each statement execute function keep_event_totals(%L)', counted[1], counted[2]);
    execute format('create trigger event_totals_update after update on %I
      referencing old table as old_rows new table as new_rows
      for each statement execute function keep_event_totals(%L)', counted[1], counted[2]);
    execute format('create trigger event_totals_delete after delete on %I
      referencing old table as old_rows
      for each statement execute function keep_event_totals(%L)', counted[1], counted[2]);
  end loop;
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $names$
ringback.missed       end              line   verdict                calls that failed
ringback.opened       first miss       line                          tasks
ringback.closed       closing          line   state         reason   tasks
ringback.tried        end                                   outcome  attempts$names$);
end $$;

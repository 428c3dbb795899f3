-- One row per comparison of what is recorded with the switchboard's own records, begun or ended.
create table reconciliation_runs (
  run_id      bigint generated always as identity primary key,
  switchboard text not null,
  cause       text not null
    check (cause in ('start', 'reconnect', 'regular', 'call_end', 'night')),
  day         date,
  since       timestamptz not null,
  until       timestamptz,
  started_at  timestamptz not null,
  ended_at    timestamptz,
  compared    integer not null default 0,
  unexplained integer not null default 0,
  check ((day is null) = (cause <> 'night'))
);
create unique index reconciliation_runs_nights on reconciliation_runs (switchboard, day)
  where ended_at is not null;
create index reconciliation_runs_started_at on reconciliation_runs (started_at);
create index reconciliation_runs_newest on reconciliation_runs (switchboard, cause, ended_at desc)
  where ended_at is not null;
comment on column reconciliation_runs.day is 'of a nightly run: the day compared, Asia/Shanghai';
comment on column reconciliation_runs.unexplained is
  'differences found by this run, or still there when it looked, that it could not mend';

-- One row per difference. The calls' telephone numbers are not repeated here.
create table reconciliation_differences (
  difference_id bigint generated always as identity primary key,
  run_id        bigint not null references reconciliation_runs on delete cascade,
  switchboard   text not null,
  call_id       text not null,
  kind          text not null check (kind in (
    'missing', 'open', 'different', 'unseen', 'unexplained', 'rating', 'answer'
  )),
  fields        text[] not null default '{}',
  recorded      jsonb,
  told          jsonb,
  repaired      boolean not null,
  found_at      timestamptz not null
);
create index reconciliation_differences_run on reconciliation_differences (run_id, difference_id);
create index reconciliation_differences_standing on reconciliation_differences (found_at)
  where not repaired;
-- What cannot be mended is told once.
create unique index reconciliation_differences_once
  on reconciliation_differences (switchboard, call_id) where kind = 'unexplained';
comment on column reconciliation_differences.kind is
$$missing      a call that was never recorded
open         recorded, but not how it ended
different    recorded otherwise than the switchboard did
unseen       recorded as open, up no more, and the switchboard's records do not know it: closed
unexplained  recorded, and the switchboard's records of that time do not know it
rating       a rating after the call that was not stored
answer       an answer in a survey that was not stored$$;
comment on column reconciliation_differences.recorded is 'what was recorded, of the fields that differ';
comment on column reconciliation_differences.told is 'what the switchboard''s records tell of them';
comment on column reconciliation_differences.repaired is 'whether the record agrees now';

-- Counted for /metrics when found; what retention deletes stays counted.
create function reconciliation_difference_events(found reconciliation_differences)
returns setof event_totals language sql immutable
begin atomic
  select
    'reconciliation.difference', shanghai_day(found.found_at), '', '', found.kind,
    case when found.repaired then 'repaired' else 'standing' end, 1::numeric;
end;
create trigger event_totals_insert after insert on reconciliation_differences
  referencing new table as new_rows
  for each statement execute function keep_event_totals('reconciliation_difference_events');

-- A run made for a reconnect is a connection that was lost: each is counted.
create function reconciliation_run_events(run reconciliation_runs)
returns setof event_totals language sql immutable
begin atomic
  select 'reconciliation.run', shanghai_day(run.started_at), '', '', run.cause, '', 1::numeric;
end;
create trigger event_totals_insert after insert on reconciliation_runs
  referencing new table as new_rows
  for each statement execute function keep_event_totals('reconciliation_run_events');

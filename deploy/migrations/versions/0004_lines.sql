-- The numbers that people dial (T9). What a line is now counts for calls that arrive from now on.
create table lines (
  number     text primary key check (number ~ '^[0-9]{2,20}$'),
  name       text not null check (length(name) between 1 and 64 and name !~ '[[:cntrl:]]'),
  mode       text not null check (mode in ('main', 'cancelled', 'kept', 'dual')),
  department text not null default ''
    check (length(department) <= 64 and department !~ '[[:cntrl:]]'),
  district   text not null default '' check (length(district) <= 32 and district !~ '[/[:cntrl:]]')
);
insert into lines (number, name, mode) values ('12345', '12345热线', 'main');

alter table calls
  add line_mode text check (line_mode in ('main', 'cancelled', 'kept', 'dual')),
  add district text not null default '' check (district !~ '/');
comment on column calls.line_mode is 'of the line when the call arrived; null: nobody had defined it';
comment on column calls.district is
  'of the line when the call arrived, else of the switchboard; empty: neither has one';

-- call_id is switchboard and uniqueid, and unique. A second unique index saying the same breaks
-- `on conflict (call_id)`: of two writers of a new call one may fail on the index it does not name.
alter table calls drop constraint calls_switchboard_uniqueid_key;

-- Agent numbers and telephones are a switchboard's own: two districts may both have an 8001. Until
-- now there was one switchboard; a program that never ran has the default name.
create function only_switchboard() returns text language sql stable
  return coalesce((select switchboard from switchboard_owners order by renewed_at desc limit 1), 'sb1');
alter table users add switchboard text not null default 'sb1' check (switchboard ~ '^[a-z0-9]{1,16}$');
update users set switchboard = only_switchboard() where switchboard <> only_switchboard();
alter table users drop constraint users_agent_key;
create unique index users_seat on users (switchboard, agent);
comment on column users.switchboard is 'where the telephone of the seat is';

alter table survey_attempts add switchboard text not null default 'sb1';
update survey_attempts set switchboard = only_switchboard()
where switchboard <> only_switchboard();
alter table survey_attempts alter switchboard drop default;
comment on column survey_attempts.switchboard is 'which one dials, and where its channel is looked up';
drop function only_switchboard();

-- Totals of calls by mode and district too: a line may have had several in a day.
alter table call_totals
  add line_mode text not null default '',
  add district text not null default '',
  drop constraint call_totals_pkey,
  add primary key (day, queue, line, line_mode, district);

create or replace function call_share(call calls) returns call_totals language sql immutable
begin atomic
  select
    shanghai_day(call.arrived_at), coalesce(call.queue, ''), call.line,
    1, offered::int, answered::int,
    (answered and wait <= 5)::int, (answered and wait <= 10)::int,
    (answered and wait <= 15)::int, (answered and wait <= 20)::int,
    (answered and wait <= 30)::int, (answered and wait <= 60)::int,
    (answered and wait <= 120)::int, (answered and wait <= 300)::int,
    (outcome = 'abandoned_greeting')::int, (outcome = 'abandoned_queue')::int,
    (outcome = 'abandoned_ringing')::int, (outcome = 'timed_out')::int,
    (outcome in ('refused_full', 'refused_no_staff'))::int, (outcome = 'left_no_staff')::int,
    (outcome = 'switch_restart')::int,
    case when answered then wait else 0 end, round(call.talk_s::numeric, 3),
    round(call.hold_s::numeric, 3), coalesce(call.line_mode, ''), call.district
  from (
    select
      call.offered_at is not null as offered,
      call.offered_at is not null and call.answered_at is not null as answered,
      round(coalesce(
        call.wait_s::numeric, extract(epoch from call.answered_at - call.offered_at), 0
      ), 3) as wait,
      coalesce(call.outcome, '') as outcome
  ) judged;
end;

create or replace function add_to_call_totals(added call_totals[], removed call_totals[])
returns void language sql
begin atomic
  insert into call_totals as known
  select
    day, queue, line,
    sum(sign * arrived), sum(sign * offered), sum(sign * answered), sum(sign * answered_5s),
    sum(sign * answered_10s), sum(sign * answered_15s), sum(sign * answered_20s),
    sum(sign * answered_30s), sum(sign * answered_60s), sum(sign * answered_120s),
    sum(sign * answered_300s), sum(sign * abandoned_greeting), sum(sign * abandoned_queue),
    sum(sign * abandoned_ringing), sum(sign * timed_out), sum(sign * refused),
    sum(sign * left_no_staff), sum(sign * interrupted), sum(sign * wait_s), sum(sign * talk_s),
    sum(sign * hold_s), line_mode, district
  from (
    select 1 as sign, a.* from unnest(added) a
    union all
    select -1, r.* from unnest(removed) r
  ) changes
  group by day, queue, line, line_mode, district
  order by day, queue, line, line_mode, district
  on conflict (day, queue, line, line_mode, district) do update set
    arrived = known.arrived + excluded.arrived, offered = known.offered + excluded.offered,
    answered = known.answered + excluded.answered,
    answered_5s = known.answered_5s + excluded.answered_5s,
    answered_10s = known.answered_10s + excluded.answered_10s,
    answered_15s = known.answered_15s + excluded.answered_15s,
    answered_20s = known.answered_20s + excluded.answered_20s,
    answered_30s = known.answered_30s + excluded.answered_30s,
    answered_60s = known.answered_60s + excluded.answered_60s,
    answered_120s = known.answered_120s + excluded.answered_120s,
    answered_300s = known.answered_300s + excluded.answered_300s,
    abandoned_greeting = known.abandoned_greeting + excluded.abandoned_greeting,
    abandoned_queue = known.abandoned_queue + excluded.abandoned_queue,
    abandoned_ringing = known.abandoned_ringing + excluded.abandoned_ringing,
    timed_out = known.timed_out + excluded.timed_out, refused = known.refused + excluded.refused,
    left_no_staff = known.left_no_staff + excluded.left_no_staff,
    interrupted = known.interrupted + excluded.interrupted,
    wait_s = known.wait_s + excluded.wait_s, talk_s = known.talk_s + excluded.talk_s,
    hold_s = known.hold_s + excluded.hold_s;
end;

-- By whole seconds begun since queue entry, because the limit of a short abandon is a setting. The
-- detail is "mode/district" of the line; neither has a slash.
create or replace function call_events(call calls)
returns setof event_totals language sql immutable
begin atomic
  select
    'call.abandoned', shanghai_day(call.arrived_at), coalesce(call.queue, ''), call.line,
    ceil(call.wait_s)::int::text, coalesce(call.line_mode, '') || '/' || call.district, 1::numeric
  where call.outcome in ('abandoned_queue', 'abandoned_ringing') and call.wait_s <= 60;
end;
update event_totals set detail = '/' where name = 'call.abandoned';

-- Running totals of calls, which /metrics publishes and the API sums, so that both always agree.
-- A trigger keeps them, because the recorder and the reconciler both write calls.

-- Figures belong to days as the city lives them.
create function shanghai_day(at timestamptz) returns date language sql immutable
  return (at at time zone 'Asia/Shanghai')::date;

-- Seconds are exact decimals: what is added and later taken away leaves nothing behind.
create table call_totals (
  day                date not null,
  queue              text not null,
  line               text not null,
  arrived            bigint not null,
  offered            bigint not null,
  answered           bigint not null,
  answered_5s        bigint not null,
  answered_10s       bigint not null,
  answered_15s       bigint not null,
  answered_20s       bigint not null,
  answered_30s       bigint not null,
  answered_60s       bigint not null,
  answered_120s      bigint not null,
  answered_300s      bigint not null,
  abandoned_greeting bigint not null,
  abandoned_queue    bigint not null,
  abandoned_ringing  bigint not null,
  timed_out          bigint not null,
  refused            bigint not null,
  left_no_staff      bigint not null,
  interrupted        bigint not null,
  wait_s             numeric not null,
  talk_s             numeric not null,
  hold_s             numeric not null,
  primary key (day, queue, line)
) with (fillfactor = 50);
comment on column call_totals.day is 'day of arrival';
comment on column call_totals.answered_15s is 'answered after waiting 15 s or less';
comment on column call_totals.wait_s is 'queue entry to bridge, of answered calls';
comment on column call_totals.left_no_staff is 'sent out of the queue when the last agent left';
comment on column call_totals.interrupted is 'cut off by a restart of the switchboard';

create function call_share(call calls) returns call_totals language sql immutable
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
    round(call.hold_s::numeric, 3)
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

-- In the order of the key, so that two writers wait for each other instead of blocking each other.
create function add_to_call_totals(added call_totals[], removed call_totals[])
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
    sum(sign * hold_s)
  from (
    select 1 as sign, a.* from unnest(added) a
    union all
    select -1, r.* from unnest(removed) r
  ) changes
  group by day, queue, line
  order by day, queue, line
  on conflict (day, queue, line) do update set
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

create function keep_call_totals() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform add_to_call_totals(array(select call_share(c) from new_rows c), '{}');
  elsif tg_op = 'DELETE' then
    perform add_to_call_totals('{}', array(select call_share(c) from old_rows c));
  else
    perform add_to_call_totals(
      array(select call_share(c) from new_rows c except all select call_share(c) from old_rows c),
      array(select call_share(c) from old_rows c except all select call_share(c) from new_rows c)
    );
  end if;
  return null;
end $$;

create trigger calls_totals_insert after insert on calls
  referencing new table as new_rows for each statement execute function keep_call_totals();
create trigger calls_totals_update after update on calls
  referencing old table as old_rows new table as new_rows
  for each statement execute function keep_call_totals();
create trigger calls_totals_delete after delete on calls
  referencing old table as old_rows for each statement execute function keep_call_totals();

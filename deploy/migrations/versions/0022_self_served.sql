-- Calls that the machine served (自助查询): told how a case stands, and content. They were counted as
-- abandoned in the greeting; of those from before nobody knows which they are.
alter table call_totals add self_served bigint not null default 0;
comment on column call_totals.self_served is 'told by the machine what they asked for';

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
    round(call.hold_s::numeric, 3), coalesce(call.line_mode, ''), call.district,
    (outcome = 'self_served')::int
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
    sum(sign * hold_s), line_mode, district, sum(sign * self_served)
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
    hold_s = known.hold_s + excluded.hold_s,
    self_served = known.self_served + excluded.self_served;
end;

-- name: call_counts(first_day, last_day)
select
  queue,
  line,
  line_mode,
  district,
  sum(arrived)::bigint as arrived,
  sum(offered)::bigint as offered,
  sum(answered)::bigint as answered,
  sum(answered_5s)::bigint as answered_5s,
  sum(answered_10s)::bigint as answered_10s,
  sum(answered_15s)::bigint as answered_15s,
  sum(answered_20s)::bigint as answered_20s,
  sum(answered_30s)::bigint as answered_30s,
  sum(answered_60s)::bigint as answered_60s,
  sum(answered_120s)::bigint as answered_120s,
  sum(answered_300s)::bigint as answered_300s,
  sum(self_served)::bigint as self_served,
  sum(abandoned_greeting)::bigint as abandoned_greeting,
  sum(abandoned_queue)::bigint as abandoned_queue,
  sum(abandoned_ringing)::bigint as abandoned_ringing,
  sum(timed_out)::bigint as timed_out,
  sum(refused)::bigint as refused,
  sum(left_no_staff)::bigint as left_no_staff,
  sum(interrupted)::bigint as interrupted,
  sum(wait_s)::double precision as wait_s,
  sum(talk_s)::double precision as talk_s,
  sum(hold_s)::double precision as hold_s
from call_totals
where day between :first_day and :last_day
group by queue, line, line_mode, district;

-- name: short_abandons(first_day, last_day, limit_s)
select
  queue, line, split_part(detail, '/', 1) as line_mode, split_part(detail, '/', 2) as district,
  sum(amount)::bigint as calls
from event_totals
where name = 'call.abandoned' and day between :first_day and :last_day
  and subject::integer <= :limit_s::double precision
group by queue, line, detail;

-- name: lines()
select number, mode, district from lines order by number;

-- name: event_counts(first_day, last_day)
select name, subject, detail, sum(amount)::double precision as amount
from event_totals
where name <> 'call.abandoned' and day between :first_day and :last_day
group by name, subject, detail;

-- name: intervals_between(period_start, period_end)
select switchboard, agent, state, started_at, ended_at
from seat_intervals
where started_at < :period_end and (ended_at > :period_start or ended_at is null);

-- name: time_by_period(borders, now)
-- Seconds of each seat between each two borders, by state; of not ready by its reason too.
with periods as (
  select border as period_start, lead(border) over (order by border) as period_end
  from unnest(:borders::timestamptz[]) border
), pieces as (
  select switchboard, agent, period_start, period_end, state, reason,
    greatest(started_at, period_start) as since,
    least(coalesce(ended_at, :now::timestamptz), period_end) as until
  from periods
  join seat_intervals
    on started_at < period_end and (ended_at > period_start or ended_at is null)
)
select switchboard, agent, period_start, period_end, state,
  case state when 'not_ready' then reason else '' end as reason,
  sum(extract(epoch from until - since))::double precision as seconds
from pieces
where until > since
group by switchboard, agent, period_start, period_end, state, 6
order by switchboard, agent, period_start;

-- name: intervals_of(call_id)
select switchboard, agent, state, started_at, ended_at from seat_intervals where call_id = :call_id;

-- name: open_intervals()
select switchboard, agent, state, started_at, ended_at from seat_intervals where ended_at is null;

-- name: newest_reconciliations()
-- The newest finished comparison with the switchboard's own records, by switchboard and cause.
select distinct on (switchboard, cause)
  switchboard, cause, ended_at,
  extract(epoch from ended_at - started_at)::double precision as duration_s, compared
from reconciliation_runs
where ended_at is not null
order by switchboard, cause, ended_at desc;

-- name: unmended_differences(since)
-- Calls by switchboard in which something differs that could not be mended, found since then.
select switchboard, count(distinct call_id) as calls
from reconciliation_differences
where not repaired and found_at >= :since
group by switchboard;

-- name: running_clocks(now)
-- Clocks of cases that run, by kind and light.
select
  kind,
  case
    when paused_at is not null then 'paused'
    when deadline is null then 'undated'
    when deadline <= :now then 'red'
    when yellow_from <= :now then 'yellow'
    else 'green'
  end as light,
  count(*) as clocks
from case_clocks
where stopped_at is null
group by 1, 2;

-- name: open_surges()
select level, count(*) as surges from surges where ended_at is null group by level;

-- name: served_model()
select trained_at, case_count, jsonb_build_object(
  'category', (measured -> 'category') - 'labels' - 'bands',
  'department', (measured -> 'department') - 'labels' - 'bands'
) as measured
from suggestion_models order by model_id desc limit 1;

-- name: waiting_webhooks()^
select
  count(*) filter (where v.state = 'waiting' and d.active) as waiting,
  coalesce(extract(epoch from
    now() - min(v.enqueued_at) filter (where v.state = 'waiting' and d.active)
  ), 0)::double precision as oldest_s,
  count(*) filter (where v.state = 'dead') as dead
from webhook_destinations d
join webhook_deliveries v using (destination_id)
where v.state in ('waiting', 'dead');

-- name: waiting_notices()^
select
  count(*) filter (where state = 'waiting') as waiting,
  coalesce(extract(epoch from
    now() - min(at) filter (where state = 'waiting')
  ), 0)::double precision as oldest_s,
  count(*) filter (where state in ('refused', 'expired')) as dead
from citizen_notices where state in ('waiting', 'refused', 'expired');

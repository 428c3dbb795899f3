-- name: caller_counts(period_start, period_end)^
-- Callers, not calls, of a period: one without a number is a caller of his own.
with asked as (
  select
    switchboard,
    coalesce(nullif(caller_number(caller), ''), call_id) as who,
    bool_or(answered_at is not null) as answered,
    min(offered_at) as first_at
  from calls
  where arrived_at >= :period_start and arrived_at < :period_end and offered_at is not null
  group by 1, 2
)
select
  count(*) as asked,
  count(*) filter (where answered) as answered,
  count(*) filter (where not answered and exists (
    select from ringback_attempts attempt
    where attempt.switchboard = asked.switchboard and attempt.number = asked.who
      and attempt.outcome = 'answered'
      and attempt.ended_at >= asked.first_at and attempt.ended_at < :period_end
  )) as rung_back
from asked;

-- name: live_ringbacks()^
-- Whom somebody should call back now, or calls back.
select
  count(*) filter (where state = 'open') as open,
  count(*) filter (where state = 'in_hand') as in_hand,
  min(first_missed_at) as oldest_at
from ringback_tasks where state in ('open', 'in_hand');

-- name: claim(now, until, lease, free)
-- Of a case only the oldest that waits, so that nobody hears of the closing first.
with due as materialized (
  select n.notice_id, n.case_id
  from citizen_notices n
  where n.state = 'waiting' and n.due_at <= :now and not exists (
    select from citizen_notices o
    where o.case_id = n.case_id and o.state = 'waiting' and o.notice_id < n.notice_id
  )
  order by n.due_at limit :free
  for update of n skip locked
)
update citizen_notices n set due_at = :until, lease = :lease
from due join cases c using (case_id)
where n.notice_id = due.notice_id
returning n.notice_id, n.lease, n.key, n.kind, n.text, n.at, n.attempts, n.expires_at, c.case_no,
  caller_number(c.caller) as number;

-- name: end(notice_id, lease, state, sent, tried, due_at, at)!
update citizen_notices set
  state = :state, attempts = attempts + (:tried::boolean)::integer, due_at = :due_at, lease = null,
  ended_at = case when :state::text <> 'waiting' then :at::timestamptz end
where notice_id = :notice_id
  and (state = 'waiting' and lease = :lease or :sent::boolean and state <> 'sent');

-- name: add_attempt(notice_id, at, outcome, status, error, excerpt, duration_s)!
insert into citizen_notice_attempts (notice_id, at, outcome, status, error, excerpt, duration_s)
values (:notice_id, :at, :outcome, :status, :error, :excerpt, :duration_s);

-- name: in_state(state, before, limit)
select n.*, c.case_no, a.at as tried_at, a.outcome, a.status, a.error, a.excerpt
from (
  select * from citizen_notices
  where state = :state and notice_id < :before order by notice_id desc limit :limit
) n
join cases c using (case_id)
left join lateral (
  select * from citizen_notice_attempts a where a.notice_id = n.notice_id
  order by a.attempt_id desc limit 1
) a on true
order by n.notice_id desc;

-- name: lock_notice(notice_id)^
select n.state, c.case_no from citizen_notices n join cases c using (case_id)
where n.notice_id = :notice_id for update of n;

-- name: revive(notice_id, now)!
update citizen_notices
set state = 'waiting', attempts = 0, due_at = :now::timestamptz,
  expires_at = :now::timestamptz + interval '1 day', ended_at = null
where notice_id = :notice_id and state in ('refused', 'expired');

-- name: revive_all(state, now, limit)$
-- Those that have been dead the longest, so that what is refused again comes last; how many. Whom
-- somebody else decides about just now is left to him.
with dead as materialized (
  select notice_id from citizen_notices
  where state = :state and state in ('refused', 'expired')
  order by ended_at, notice_id limit :limit
  for update skip locked
), revived as (
  update citizen_notices n
  set state = 'waiting', attempts = 0, due_at = :now::timestamptz,
    expires_at = :now::timestamptz + interval '1 day', ended_at = null
  from dead where n.notice_id = dead.notice_id
  returning 1
)
select count(*) from revived;

-- name: any_in(state)$
select exists (select from citizen_notices where state = :state);

-- name: purge(before, limit)$
with gone as (
  delete from citizen_notices where notice_id in (
    select notice_id from citizen_notices where ended_at < :before order by ended_at limit :limit
  )
  returning 1
)
select count(*) from gone;

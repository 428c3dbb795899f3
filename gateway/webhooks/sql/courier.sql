-- name: active_destinations()
select destination_id from webhook_destinations where active order by destination_id;

-- name: claim_lanes(destinations, free, now, until, lease)
-- Leases up to so many lanes of each destination, those first that are due the longest.
with due as materialized (
  select n.destination_id, n.case_id
  from unnest(:destinations::bigint[], :free::integer[]) as d (destination_id, free)
  join webhook_destinations w on w.destination_id = d.destination_id and w.active
  cross join lateral (
    select l.destination_id, l.case_id from webhook_lanes l
    where l.destination_id = d.destination_id and l.due_at <= :now
    order by l.due_at limit d.free
    for update skip locked
  ) n
)
update webhook_lanes l set due_at = :until, lease = :lease
from due where l.destination_id = due.destination_id and l.case_id = due.case_id
returning l.destination_id, l.case_id;

-- name: head(destination_id, case_id, lease)^
-- The oldest event of a leased lane that has not arrived, and where it goes. Nothing when the lane is
-- no longer leased; a row without a delivery when nothing waits in it.
select d.active, d.url, d.secret, d.former_secret, d.former_until,
  v.delivery_id, v.state, v.attempts, v.tried_since, e.event_id, e.body
from webhook_lanes l
join webhook_destinations d using (destination_id)
left join lateral (
  select v.* from webhook_deliveries v
  where v.destination_id = l.destination_id and v.case_id = l.case_id
    and v.state in ('waiting', 'dead')
  order by v.event_no limit 1
) v on true
left join webhook_events e using (event_no)
where l.destination_id = :destination_id and l.case_id = :case_id and l.lease = :lease;

-- name: set_lane(destination_id, case_id, lease, due_at, keep)$
-- True when the lane was still leased; `keep`: and it stays so.
update webhook_lanes set due_at = :due_at, lease = case when :keep then lease end
where destination_id = :destination_id and case_id = :case_id and lease = :lease
returning true;

-- name: lock_lane(destination_id, case_id, lease)$
select true from webhook_lanes
where destination_id = :destination_id and case_id = :case_id and lease = :lease for update;

-- name: remove_empty_lane(destination_id, case_id)!
-- Run after `lock_lane`, so that it sees what was enqueued until then.
delete from webhook_lanes
where destination_id = :destination_id and case_id = :case_id and not exists (
  select from webhook_deliveries
  where destination_id = :destination_id and case_id = :case_id and state in ('waiting', 'dead')
);

-- name: mark_delivered(delivery_id, at)!
update webhook_deliveries
set state = 'delivered', ended_at = :at, attempts = attempts + 1,
  tried_since = coalesce(tried_since, :at)
where delivery_id = :delivery_id and state = 'waiting';

-- name: mark_failed(delivery_id, at, dead)!
update webhook_deliveries
set state = case when :dead then 'dead' else 'waiting' end, attempts = attempts + 1,
  tried_since = coalesce(tried_since, :at)
where delivery_id = :delivery_id and state = 'waiting';

-- name: add_attempt(delivery_id, at, outcome, status, error, excerpt, duration_s)!
insert into webhook_attempts (delivery_id, at, outcome, status, error, excerpt, duration_s)
values (:delivery_id, :at, :outcome, :status, :error, :excerpt, :duration_s);

-- name: disable(destination_id, reason)$
update webhook_destinations set active = false, inactive_reason = :reason
where destination_id = :destination_id and active
returning true;

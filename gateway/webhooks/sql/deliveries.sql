-- name: of_destination(destination_id, state, before, limit)
select v.delivery_id, v.destination_id, v.state, v.attempts, v.enqueued_at, v.ended_at, e.event_id,
  e.name, e.at, c.case_no, a.at as tried_at, a.outcome, a.status, a.error, a.excerpt, b.behind,
  l.due_at, l.lease is not null as leased
from (
  select v.* from webhook_deliveries v
  where v.destination_id = :destination_id and v.state = :state
    and v.delivery_id < :before
  order by v.delivery_id desc limit :limit
) v
join webhook_events e using (event_no)
join cases c on c.case_id = v.case_id
left join webhook_lanes l on l.destination_id = v.destination_id and l.case_id = v.case_id
left join lateral (
  select * from webhook_attempts a where a.delivery_id = v.delivery_id
  order by a.attempt_id desc limit 1
) a on true
cross join lateral (
  select count(*) as behind from webhook_deliveries w
  where v.state = 'dead' and w.destination_id = v.destination_id and w.case_id = v.case_id
    and w.state = 'waiting' and w.event_no > v.event_no
) b
order by v.delivery_id desc;

-- name: lock_delivery(delivery_id)^
-- The lane first, as everybody does.
with lane as materialized (
  select l.destination_id, l.case_id from webhook_lanes l
  join webhook_deliveries v using (destination_id, case_id)
  where v.delivery_id = :delivery_id for update of l
)
select v.delivery_id, v.destination_id, v.state, e.event_id, e.name, c.case_no
from webhook_deliveries v
join webhook_events e using (event_no)
join cases c on c.case_id = v.case_id
left join lane on true
where v.delivery_id = :delivery_id;

-- name: revive(destination_id, delivery_id, now)$
-- Dead letters of a destination, one or all, are sent again: how many. Their lanes go on.
with revived as (
  update webhook_deliveries set state = 'waiting', attempts = 0, tried_since = null
  where destination_id = :destination_id and state = 'dead'
    and (:delivery_id::bigint is null or delivery_id = :delivery_id)
  returning destination_id, case_id
), opened as (
  update webhook_lanes l set due_at = :now
  from (select distinct destination_id, case_id from revived) r
  where l.destination_id = r.destination_id and l.case_id = r.case_id and l.due_at is null
)
select count(*) from revived;

-- name: lock_dead_lanes(destination_id)!
select from webhook_lanes where destination_id = :destination_id and due_at is null
order by case_id for update;

-- name: discard(delivery_id, now)$
with discarded as (
  update webhook_deliveries set state = 'discarded', ended_at = :now
  where delivery_id = :delivery_id and state = 'dead'
  returning destination_id, case_id
), opened as (
  update webhook_lanes l set due_at = :now
  from discarded r
  where l.destination_id = r.destination_id and l.case_id = r.case_id and l.due_at is null
)
select count(*) from discarded;

-- name: purge_deliveries(before, limit)$
with gone as (
  delete from webhook_deliveries where delivery_id in (
    select delivery_id from webhook_deliveries where ended_at < :before order by ended_at limit :limit
  )
  returning 1
)
select count(*) from gone;

-- name: purge_events(before, limit)$
-- Events that no delivery names any more.
with gone as (
  delete from webhook_events where event_no in (
    select e.event_no from webhook_events e
    where e.at < :before
      and not exists (select from webhook_deliveries v where v.event_no = e.event_no)
    order by e.event_no limit :limit
  )
  returning 1
)
select count(*) from gone;

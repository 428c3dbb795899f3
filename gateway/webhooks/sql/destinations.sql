-- name: destinations(destination_id)
-- One of them, or all.
select d.*, w.waiting, w.oldest_at, x.dead
from webhook_destinations d
cross join lateral (
  select count(*) as waiting, min(enqueued_at) as oldest_at from webhook_deliveries v
  where v.destination_id = d.destination_id and v.state = 'waiting'
) w
cross join lateral (
  select count(*) as dead from webhook_deliveries v
  where v.destination_id = d.destination_id and v.state = 'dead'
) x
where :destination_id::bigint is null or d.destination_id = :destination_id
order by d.name;

-- name: lock_destinations()!
-- One change at a time, so that names stay different; what is enqueued does not wait.
lock table webhook_destinations in share update exclusive mode;

-- name: name_is_taken(name, except_id)$
select exists (
  select from webhook_destinations where name = :name and destination_id is distinct from :except_id
);

-- name: insert_destination(name, url, secret, events, created_at)$
insert into webhook_destinations (name, url, secret, events, created_at)
values (:name, :url, :secret, :events, :created_at)
returning destination_id;

-- name: update_destination(destination_id, name, url, events, active, inactive_reason)!
update webhook_destinations
set name = :name, url = :url, events = :events, active = :active, inactive_reason = :inactive_reason
where destination_id = :destination_id;

-- name: forgive(destination_id)!
-- What waits is tried as if it were new: the time it was not to be sent does not count.
update webhook_deliveries set attempts = 0, tried_since = null
where destination_id = :destination_id and state = 'waiting' and attempts > 0;

-- name: change_secret(destination_id, secret, former_until)!
update webhook_destinations
set former_secret = secret, former_until = :former_until, secret = :secret
where destination_id = :destination_id;

-- name: delete_destination(destination_id)!
delete from webhook_destinations where destination_id = :destination_id;

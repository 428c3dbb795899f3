-- name: try_lock(lock_class, key)$
-- The claim itself; it ends with the connection.
select pg_try_advisory_lock(:lock_class::integer, :key::integer);

-- name: begin_epoch(switchboard)$
-- A new owner: waits for writes that the former one has under way (see hold_epoch).
insert into switchboard_owners as former (switchboard, epoch, backend_pid, renewed_at)
values (:switchboard, 1, pg_backend_pid(), clock_timestamp())
on conflict (switchboard) do update set
  epoch = former.epoch + 1, backend_pid = excluded.backend_pid, renewed_at = excluded.renewed_at
returning epoch;

-- name: renew(switchboard, epoch)$
-- Only the present owner can; null tells anybody else that it is not.
update switchboard_owners set renewed_at = clock_timestamp()
where switchboard = :switchboard and epoch = :epoch
returning epoch;

-- name: hold_epoch(switchboard)$
-- The present epoch, which cannot change until this transaction ends; renewing is not held up.
select epoch from switchboard_owners where switchboard = :switchboard for key share;

-- name: end_stale_owner(switchboard, stale_after_s, lock_class, key)$
-- Ends the connection of an owner that stands still, if it is really the one that has the lock.
select pg_terminate_backend(owner.backend_pid)
from switchboard_owners owner
join pg_locks held on held.pid = owner.backend_pid and held.locktype = 'advisory' and held.granted
  and held.classid = :lock_class::bigint::oid and held.objid = (:key::bigint & 4294967295)::oid
where owner.switchboard = :switchboard
  and owner.renewed_at < clock_timestamp() - make_interval(secs => :stale_after_s);

-- name: owned_lately(within_s)
select switchboard from switchboard_owners
where renewed_at > clock_timestamp() - make_interval(secs => :within_s)
order by renewed_at desc;

-- name: end_blockers(waiting_pid)$
-- Ends the sessions whose transactions a waiting one waits for; how many.
select count(pg_terminate_backend(pid)) from unnest(pg_blocking_pids(:waiting_pid)) as blocker (pid);

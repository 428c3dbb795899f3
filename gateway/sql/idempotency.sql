-- name: claim(key_id, key, fingerprint, at)$
-- A second claim waits for the transaction of the first; nothing is returned once that is stored.
insert into idempotency_keys (key_id, key, fingerprint, made_at)
values (:key_id, :key, :fingerprint, :at)
on conflict (key_id, key) do nothing
returning true;

-- name: claimed(key_id, key)^
select fingerprint, answer::text from idempotency_keys where key_id = :key_id and key = :key;

-- name: keep(key_id, key, answer)!
update idempotency_keys set answer = :answer where key_id = :key_id and key = :key;

-- name: forget_before(at)!
delete from idempotency_keys where made_at < :at;

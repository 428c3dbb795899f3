-- name: add_account(login, name)$
-- No password: whoever knows none can give none, and `credentials` leaves these accounts out.
insert into users (login, password_hash, role, display_name)
values (:login, '', 'integration', :name)
returning user_id;

-- name: add_key(user_id, prefix, digest, name, channel, scopes, at, actor)$
insert into api_keys (user_id, prefix, digest, name, channel, scopes, created_at, created_by)
values (:user_id, :prefix, :digest, :name, :channel, :scopes, :at, :actor)
returning key_id;

-- name: all_keys()
select k.*, u.login from api_keys k join users u using (user_id) order by k.name;

-- name: key_by_id(key_id)^
select k.*, u.login from api_keys k join users u using (user_id) where k.key_id = :key_id;

-- name: key_by_prefix(prefix)^
select k.*, u.login from api_keys k join users u using (user_id) where k.prefix = :prefix;

-- name: lock_key(key_id)$
select key_id from api_keys where key_id = :key_id for update;

-- name: name_taken(name, key_id)$
select exists (
  select from api_keys where name = :name and key_id is distinct from :key_id::bigint
);

-- name: change_key(key_id, name, channel, scopes, active)!
update api_keys set name = :name, channel = :channel, scopes = :scopes, active = :active
where key_id = :key_id;

-- name: rename_account(user_id, name)!
update users set display_name = :name where user_id = :user_id;

-- name: renew_key(key_id, prefix, digest)!
update api_keys set prefix = :prefix, digest = :digest where key_id = :key_id;

-- name: note_use(key_id, day)!
update api_keys set last_used_on = :day
where key_id = :key_id and last_used_on is distinct from :day;

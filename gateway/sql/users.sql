-- name: add_user(login, password_hash, role, display_name, agent, extension)^
insert into users (login, password_hash, role, display_name, agent, extension)
values (:login, :password_hash, :role, :display_name, :agent, :extension)
returning user_id, login, display_name, role, agent, extension, active;

-- name: replace_password(login, password_hash)$
-- The user's id, or nothing for an unknown login.
update users set password_hash = :password_hash where login = :login returning user_id;

-- name: all_users()
select user_id, login, display_name, role, agent, extension, active from users order by login;

-- name: holder_of(agent)^
select user_id, login, display_name, role, agent, extension, active
from users where agent = :agent and active;

-- name: queues_of(agent)$
select queues from users where agent = :agent and active;

-- name: assign_queues(agent, queues)$
update users set queues = :queues where agent = :agent and active returning user_id;

-- name: credentials(login)^
-- What is needed to check a password; a closed account has none.
select user_id, login, display_name, role, agent, extension, active, password_hash
from users where login = :login and active;

-- name: lock_first_administrator()!
-- Two programs that start together must not both make one.
select pg_advisory_xact_lock(hashtext('hotline.first_administrator'));

-- name: any_administrator()$
select exists (select from users where role = 'administrator' and active);

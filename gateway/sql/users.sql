-- name: add_user(login, password_hash, role, display_name, agent, extension, switchboard)^
insert into users (login, password_hash, role, display_name, agent, extension, switchboard)
values (:login, :password_hash, :role, :display_name, :agent, :extension, :switchboard)
returning user_id, login, display_name, role, agent, extension, switchboard, active;

-- name: replace_password(login, password_hash)$
-- The user's id, or nothing for an unknown login.
update users set password_hash = :password_hash where login = :login returning user_id;

-- name: all_users()
select user_id, login, display_name, role, agent, extension, switchboard, active
from users order by login;

-- name: holders_of(agent)
select user_id, login, display_name, role, agent, extension, switchboard, active
from users where agent = :agent and active order by switchboard;

-- name: credentials(login)^
-- What is needed to check a password; a closed account has none.
select user_id, login, display_name, role, agent, extension, switchboard, active, password_hash
from users where login = :login and active;

-- name: lock_first_administrator()!
-- Two programs that start together must not both make one.
select pg_advisory_xact_lock(hashtext('hotline.first_administrator'));

-- name: any_administrator()$
select exists (select from users where role = 'administrator' and active);

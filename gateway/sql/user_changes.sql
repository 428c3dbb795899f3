-- name: login_exists(login)$
select exists (select from users where login = :login);

-- name: demand_new_password(login)!
update users set must_change_password = true where login = :login;

-- name: must_change_password(user_id)$
select must_change_password from users where user_id = :user_id;

-- name: update_user(login, display_name, role, agent, extension, switchboard, department_id, active)!
update users
set display_name = :display_name, role = :role, agent = :agent, extension = :extension,
  switchboard = :switchboard, department_id = :department_id, active = :active
where login = :login;

-- name: login_of_agent(switchboard, agent)$
select login from users where switchboard = :switchboard and agent = :agent;

-- name: lock_administrators()!
-- Of two who remove each other one must see what the other did.
select pg_advisory_xact_lock(hashtext('hotline.first_administrator'));

-- name: other_administrator(login)$
select exists (
  select from users where role = 'administrator' and active and login <> :login
);

-- name: add_user(login, password_hash, role, display_name, agent, extension, switchboard, department_id)^
insert into users
  (login, password_hash, role, display_name, agent, extension, switchboard, department_id)
values (
  :login, :password_hash, :role, :display_name, :agent, :extension, :switchboard, :department_id
)
returning
  user_id, login, display_name, role, agent, extension, switchboard, active, department_id;

-- name: replace_password(login, password_hash)$
-- The user's id, or nothing for an unknown login.
update users set password_hash = :password_hash, must_change_password = false
where login = :login and role <> 'integration' returning user_id;

-- name: all_users()
select u.*, d.code as department from users u left join departments d using (department_id)
order by u.login;

-- name: user_by_login(login)^
select u.*, d.code as department from users u left join departments d using (department_id)
where u.login = :login;

-- name: lock_user(login)^
select u.*, d.code as department from users u left join departments d using (department_id)
where u.login = :login for update of u;

-- name: holders_of(agent)
select u.*, d.code as department from users u left join departments d using (department_id)
where u.agent = :agent and u.active order by u.switchboard;

-- name: queues_of(switchboard, agent)$
select queues from users where switchboard = :switchboard and agent = :agent and active;

-- name: assign_queues(switchboard, agent, queues)!
update users set queues = :queues
where switchboard = :switchboard and agent = :agent and active;

-- name: credentials(login)^
-- What is needed to check a password; a closed account and another system have none.
select u.*, d.code as department from users u left join departments d using (department_id)
where u.login = :login and u.active and u.role <> 'integration';

-- name: lock_first_administrator()!
-- Two programs that start together must not both make one.
select pg_advisory_xact_lock(hashtext('hotline.first_administrator'));

-- name: any_administrator()$
select exists (select from users where role = 'administrator' and active);

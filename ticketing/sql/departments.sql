-- name: all_departments()
select d.*, p.code as parent from departments d
left join departments p on p.department_id = d.parent_id order by d.level, d.code;

-- name: department_by_code(code)^
select d.*, p.code as parent from departments d
left join departments p on p.department_id = d.parent_id where d.code = :code;

-- name: lock_tree()!
-- One change at a time, so that what was looked at stays true; readers do not wait.
lock table departments in share row exclusive mode;

-- name: insert_department(code, name, level, parent_id)!
insert into departments (code, name, level, parent_id) values (:code, :name, :level, :parent_id);

-- name: update_department(code, name, parent_id, active)!
update departments set name = :name, parent_id = :parent_id, active = :active where code = :code;

-- name: delete_department(code)!
delete from departments where code = :code;

-- name: has_active_below(department_id)$
select exists (select from departments where parent_id = :department_id and active);

-- name: is_referred_to(department_id)$
select exists (select from departments where parent_id = :department_id)
  or exists (select from categories where department_id = :department_id)
  or exists (select from users where department_id = :department_id)
  or exists (select from case_departments where department_id = :department_id)
  or exists (select from case_history where to_department = :department_id)
  or exists (select from joint_calls where department_id = :department_id)
  or exists (select from campaign_suggestions where department_id = :department_id)
  or exists (select from knowledge_versions where department_id = :department_id);

-- name: with_all_below(department_id)
with recursive below as (
  select department_id from departments where department_id = :department_id
  union all
  select d.department_id from below join departments d on d.parent_id = below.department_id
)
select department_id from below;

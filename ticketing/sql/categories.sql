-- name: all_categories()
select k.*, p.code as parent, d.code as department from categories k
left join categories p on p.category_id = k.parent_id
left join departments d on d.department_id = k.department_id order by k.level, k.code;

-- name: category_by_code(code)^
select k.*, p.code as parent, d.code as department, coalesce(p.closed, false) as parent_closed
from categories k
left join categories p on p.category_id = k.parent_id
left join departments d on d.department_id = k.department_id where k.code = :code;

-- name: lock_categories()!
lock table categories in share row exclusive mode;

-- name: insert_category(code, name, level, parent_id, department_id)!
insert into categories (code, name, level, parent_id, department_id)
values (:code, :name, :level, :parent_id, :department_id);

-- name: update_category(code, name, parent_id, department_id, closed)!
update categories
set name = :name, parent_id = :parent_id, department_id = :department_id, closed = :closed
where code = :code;

-- name: delete_category(code)!
delete from categories where code = :code;

-- name: with_sub_classes(category_id)
select category_id from categories where :category_id::bigint in (category_id, parent_id);

-- name: is_referred_to(category_id)$
select exists (select from categories where parent_id = :category_id)
  or exists (select from cases where category_id = :category_id)
  or exists (select from topic_counts where category_id = :category_id)
  or exists (select from knowledge_versions where category_id = :category_id)
  or exists (select from surges where category_id = :category_id)
  or exists (select from dispatch_suggestions where category_id = :category_id);

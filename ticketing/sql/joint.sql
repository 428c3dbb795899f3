-- name: standing(case_id, department_id)^
-- What the table of the lifecycle looks at besides the case's own row.
select coalesce(d.level = 3, false) as street, j.joint_id is not null as joint,
  case when k.contributed_at is not null then 'contributed'
    when k.reported_at is not null then 'reported'
    when k.joint_id is not null then 'called' end as call
from cases c
left join departments d on d.department_id = c.lead_id
left join joint_handlings j on j.case_id = c.case_id and j.ended_at is null
left join joint_calls k on k.joint_id = j.joint_id and k.department_id = :department_id::bigint
where c.case_id = :case_id;

-- name: begin(case_id, caller_id, called_at, hours, days, departments)!
with begun as (
  insert into joint_handlings (case_id, caller_id, called_at, hours, days)
  values (:case_id, :caller_id, :called_at, :hours, :days)
  returning joint_id
)
insert into joint_calls (joint_id, department_id)
select joint_id, department_id from begun, unnest(:departments::bigint[]) as d (department_id);

-- name: report_in(case_id, department_id, at)!
update joint_calls k set reported_at = :at
from joint_handlings j
where j.joint_id = k.joint_id and j.case_id = :case_id and j.ended_at is null
  and k.department_id = :department_id;

-- name: contribute(case_id, department_id, at, contribution)!
update joint_calls k set contributed_at = :at, contribution = :contribution
from joint_handlings j
where j.joint_id = k.joint_id and j.case_id = :case_id and j.ended_at is null
  and k.department_id = :department_id;

-- name: end_complete(case_id, at)!
-- Ends by itself when everybody who was called has contributed.
update joint_handlings j set ended_at = :at
where j.case_id = :case_id and j.ended_at is null and not exists (
  select from joint_calls k where k.joint_id = j.joint_id and k.contributed_at is null
);

-- name: end_running(case_id, at)!
update joint_handlings set ended_at = :at where case_id = :case_id and ended_at is null;

-- name: joints_of_case(case_id)
select j.*, c.case_no, c.title, d.code as caller_code, d.name as caller_name
from joint_handlings j
join cases c using (case_id)
join departments d on d.department_id = j.caller_id
where j.case_id = :case_id order by j.joint_id desc;

-- name: running_joints(department, after, limit)
-- Those in which a department is in charge or called, or all of them.
select j.*, c.case_no, c.title, d.code as caller_code, d.name as caller_name
from joint_handlings j
join cases c using (case_id)
join departments d on d.department_id = j.caller_id
where j.ended_at is null and j.joint_id > :after
  and (:department::bigint is null or j.caller_id = :department or exists (
    select from joint_calls k where k.joint_id = j.joint_id and k.department_id = :department
  ))
order by j.joint_id limit :limit;

-- name: joints_at(at, after, limit)
select j.*, c.case_no, c.title, d.code as caller_code, d.name as caller_name
from joint_handlings j
join cases c using (case_id)
join departments d on d.department_id = j.caller_id
where j.called_at <= :at and (j.ended_at is null or j.ended_at > :at) and j.joint_id > :after
order by j.joint_id limit :limit;

-- name: calls_of_joints(joint_ids)
select k.*, d.code, d.name from joint_calls k join departments d using (department_id)
where k.joint_id = any(:joint_ids::bigint[]) order by d.code;

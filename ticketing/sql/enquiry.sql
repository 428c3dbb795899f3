-- name: progress(case_no)^
select c.caller, c.state, c.confidential, c.opened_at, c.closed_at, c.result, d.name as lead_name
from cases c left join departments d on d.department_id = c.lead_id
where c.case_no = :case_no;

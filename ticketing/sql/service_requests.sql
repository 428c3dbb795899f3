-- name: open_services()
select k.code, k.name, p.name as group_name
from categories k join categories p on p.category_id = k.parent_id
where not k.closed and not p.closed order by k.code;

-- name: services_changed_at()$
select changed_at from category_changes;

-- name: shown_by_number(numbers, key_id)
select c.case_id from cases c join inbound_cases i using (case_id)
where c.case_no = any(:numbers::text[]) and not c.confidential
  and (i.public or i.key_id = :key_id::bigint);

-- name: shown_between(start, end, services, states, key_id, limit)
-- Each of the two walks its own index from the newest on and stops after :limit.
select case_id from (
  (select c.case_id, c.opened_at from inbound_cases i join cases c using (case_id)
    left join categories k on k.category_id = c.category_id
    where i.public and not c.confidential
      and i.opened_at between :start and :end
      and c.state = any(:states::text[])
      and (:services::text[] is null or k.code = any(:services::text[]))
    order by i.opened_at desc, i.case_id desc limit :limit)
  union
  (select c.case_id, c.opened_at from inbound_cases i join cases c using (case_id)
    left join categories k on k.category_id = c.category_id
    where i.key_id = :key_id::bigint and not c.confidential
      and i.opened_at between :start and :end
      and c.state = any(:states::text[])
      and (:services::text[] is null or k.code = any(:services::text[]))
    order by i.opened_at desc, i.case_id desc limit :limit)
) shown
order by opened_at desc, case_id desc limit :limit;

-- name: shown_requests(case_ids)
select c.case_no, c.state, c.body, c.address, c.opened_at, k.code as category_code,
  k.name as category_name, d.name as lead_name, i.latitude, i.longitude, t.deadline,
  coalesce(c.closed_at, h.at) as updated_at
from cases c
join inbound_cases i using (case_id)
left join categories k on k.category_id = c.category_id
left join departments d on d.department_id = c.lead_id
left join case_clocks t on t.case_id = c.case_id and t.kind = 'closing' and t.stopped_at is null
cross join lateral (
  select max(at) as at from case_history where case_history.case_id = c.case_id
) h
where c.case_id = any(:case_ids::bigint[])
order by c.opened_at desc, c.case_id desc;

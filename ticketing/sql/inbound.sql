-- name: add_inbound(case_id, key_id, reference, public, latitude, longitude, opened_at)!
insert into inbound_cases (case_id, key_id, reference, public, latitude, longitude, opened_at)
values (:case_id, :key_id, :reference, :public, :latitude, :longitude, :opened_at);

-- name: sent_case(key_id, case_no)^
select c.case_no, i.reference, c.source, c.state, c.opened_at, c.closed_at, c.result
from cases c join inbound_cases i using (case_id)
where c.case_no = :case_no and i.key_id = :key_id;

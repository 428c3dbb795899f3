-- name: candidates(start, until, see_all, viewer, before, limit)
-- Suggestions of these days that belong to no campaign, the newest first.
select c.case_id from cases c
where c.kind = 'suggestion' and c.opened_at >= :start and c.opened_at < least(:until::timestamptz, :before::timestamptz)
  and (:see_all or not c.confidential or c.opened_by = :viewer)
  and not exists (select from campaign_suggestions s where s.case_id = c.case_id)
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: tie(case_id, campaign_id, at, actor)$
-- Nothing is returned when the case is of a campaign already.
insert into campaign_suggestions (case_id, campaign_id, tied_at, tied_by)
values (:case_id, :campaign_id, :at, :actor)
on conflict (case_id) do nothing
returning case_id;

-- name: suggestions(campaign_id, stage, see_all, viewer, after, limit)
select s.*, c.case_no, c.title, c.state, c.confidential, d.code as department_code,
  d.name as department_name
from campaign_suggestions s
join cases c using (case_id)
left join departments d on d.department_id = s.department_id
where s.campaign_id = :campaign_id
  and (:see_all or not c.confidential or c.opened_by = :viewer)
  and case :stage::text
    when 'unscreened' then s.valid is null
    when 'valid' then s.valid
    when 'invalid' then not s.valid
    when 'unhandled' then s.valid and s.adoption is null
    when 'handled' then s.adoption is not null
    else true end
  and s.case_id < coalesce(:after::bigint, 9223372036854775807)
order by s.case_id desc limit :limit;

-- name: lock_suggestion(campaign_id, case_no)^
select s.*, c.case_no, c.title, c.state, c.confidential, d.code as department_code,
  d.name as department_name
from campaign_suggestions s
join cases c using (case_id)
left join departments d on d.department_id = s.department_id
where s.campaign_id = :campaign_id and c.case_no = :case_no
for update of s;

-- name: screen(case_id, valid, because)!
update campaign_suggestions set valid = :valid, screened_because = :because, version = version + 1
where case_id = :case_id;

-- name: decide(case_id, adoption, because, department_id)!
update campaign_suggestions set adoption = :adoption, adopted_because = :because,
  department_id = :department_id, version = version + 1
where case_id = :case_id;

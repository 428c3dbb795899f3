-- name: campaigns(campaign, see_all, viewer)
-- With counts of the suggestions that whoever asks may see; all campaigns or one of them.
select c.*,
  count(s.case_id) as suggestions,
  count(s.case_id) filter (where s.valid is not null) as screened,
  count(s.case_id) filter (where s.valid) as valid,
  count(s.case_id) filter (where s.valid and s.adoption is not null) as handled,
  count(s.case_id) filter (where s.adoption in ('adopted', 'partly')) as adopted
from campaigns c
left join (
  select s.* from campaign_suggestions s join cases k using (case_id)
  where :see_all or not k.confidential or k.opened_by = :viewer
) s using (campaign_id)
where :campaign::bigint is null or c.campaign_id = :campaign
group by c.campaign_id
order by c.first_day desc, c.campaign_id desc;

-- name: lock_campaign(campaign_id)^
select * from campaigns where campaign_id = :campaign_id for update;

-- name: begun_in_year(first_day, last_day)$
select count(*) from campaigns where first_day between :first_day and :last_day;

-- name: insert_campaign(title, topic, first_day, last_day)$
-- Nothing is returned when there is one with this title.
insert into campaigns (title, topic, first_day, last_day)
values (:title, :topic, :first_day, :last_day)
on conflict (title) do nothing
returning campaign_id;

-- name: title_is_taken(title, campaign_id)$
select exists (select from campaigns where title = :title and campaign_id <> :campaign_id);

-- name: has_outside(campaign_id, start, until)$
select exists (
  select from campaign_suggestions s join cases c using (case_id)
  where s.campaign_id = :campaign_id and (c.opened_at < :start or c.opened_at >= :until)
);

-- name: update_campaign(campaign_id, title, topic, first_day, last_day)!
update campaigns set title = :title, topic = :topic, first_day = :first_day, last_day = :last_day,
  version = version + 1
where campaign_id = :campaign_id;

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

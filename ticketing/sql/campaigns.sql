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

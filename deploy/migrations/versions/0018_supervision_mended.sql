-- A list of a day that was missed is made up later: then it shows that day and not when it was made.
alter table supervision_lists disable trigger supervision_lists_append_only;
alter table supervision_lists add column as_of timestamptz;
update supervision_lists set as_of = made_at;
alter table supervision_lists enable trigger supervision_lists_append_only;
alter table supervision_lists
  alter as_of set not null,
  add constraint supervision_lists_as_of_check check (as_of <= made_at);
comment on column supervision_lists.as_of is 'the moment that it shows; of a missed day the hour at which it was due';

-- The claim on a notice of a joint deadline, as `case_clock_notices` is of a clock's.
create table joint_notices (
  joint_id bigint not null references joint_handlings,
  notice   text not null check (notice in ('reminded', 'overdue')),
  deadline timestamptz not null,
  made_at  timestamptz not null,
  primary key (joint_id, notice)
);
comment on column joint_notices.deadline is 'as it was worked out when the notice was made';

create function joint_notice_events(notice joint_notices)
returns setof event_totals language sql immutable
begin atomic
  select
    'clock.' || notice.notice, shanghai_day(notice.made_at), '', '', 'joint', '', 1::numeric;
end;
create trigger event_totals_insert after insert on joint_notices
  referencing new table as new_rows
  for each statement execute function keep_event_totals('joint_notice_events');

create function webhooks_of_joints() returns trigger language plpgsql as $$
begin
  if is_history() or not exists (select from webhook_destinations where active) then
    return null;
  end if;
  perform enqueue_webhooks(array(
    select row(
      'case.' || n.notice, 'joint:' || n.joint_id, c.case_id, n.made_at,
      webhook_case_data(c) || jsonb_build_object(
        'state', c.state, 'clock', 'joint',
        'deadline', to_char(n.deadline at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      )
    )::webhook_event
    from new_rows n
    join joint_handlings j using (joint_id)
    join cases c using (case_id)
    where not c.confidential
    order by n.joint_id
  ));
  return null;
end $$;
create trigger webhooks_of_joints after insert on joint_notices
  referencing new table as new_rows
  for each statement execute function webhooks_of_joints();

-- Whatever a citizen said against the handling of his case and counts in satisfaction: that he was not
-- satisfied, or that nothing was solved.
create view counted_dissatisfaction as
  select said.* from (
    select 'rating' as what, r.call_id as of_id, r.scale as subject, c.case_id, r.given_at
    from ratings r join cases c using (call_id)
    where r.answer = 'dissatisfied'
    union all
    select 'answer', s.attempt_id, s.question, a.case_id, s.answered_at
    from survey_answers s join survey_attempts a using (attempt_id)
    where (s.question = 'satisfied' and s.answer = 'dissatisfied')
      or (s.question = 'solved' and s.answer = 'no')
  ) said
  where not exists (
    select from figure_exclusions x
    where x.what = said.what and x.of_id = said.of_id and x.subject = said.subject
      and x.counted_again_at is null
  );

-- The board of cases reads what is open out of these alone.
drop index cases_open;
create index cases_open on cases (case_id) include (state, confidential, opened_by)
  where state not in ('closed', 'withdrawn', 'merged');
create index case_departments_open on case_departments (case_id)
  include (department_id, state, confidential)
  where state not in ('closed', 'withdrawn', 'merged');

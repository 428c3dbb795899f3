-- Notices to citizens at acceptance and closing (docs/notices.md). A trigger on the history of cases
-- writes them, so that no writer can forget it and nothing is told of what was rolled back.
create table notice_templates (
  kind       text primary key check (kind in ('accepted', 'closed', 'enquiry')),
  text       text not null check (length(text) between 1 and 120),
  active     boolean not null default true,
  changed_at timestamptz,
  check (active or kind <> 'enquiry')
);
comment on table notice_templates is 'enquiry: what stands in the others in place of {enquiry}';
insert into notice_templates (kind, text) values
  ('accepted', '您反映的事项已受理，工单编号{case_no}。{enquiry}'),
  ('closed', '您反映的事项（工单编号{case_no}）已办结。{enquiry}'),
  ('enquiry', '凭工单编号和来电号码后四位可查询进度：致电12345，听到问候时按*键，或登录热线网站。');

create table citizen_notices (
  notice_id  bigint generated always as identity primary key,
  key        uuid not null unique default gen_random_uuid(),
  case_id    bigint not null references cases,
  version    integer not null,
  kind       text not null check (kind in ('accepted', 'closed')),
  text       text not null,
  at         timestamptz not null,
  state      text not null default 'waiting' check (state in ('waiting', 'sent', 'refused', 'expired')),
  attempts   integer not null default 0,
  due_at     timestamptz not null,
  expires_at timestamptz not null,
  lease      uuid,
  ended_at   timestamptz,
  unique (case_id, version),
  check ((ended_at is null) = (state = 'waiting'))
);
comment on column citizen_notices.key is
  'by which the SMS gateway knows a notice again; not the id, which a restored backup gives out anew';
comment on column citizen_notices.version is 'of the entry in the history of the case that is told of';
comment on column citizen_notices.due_at is
  'when to send next; while somebody sends, when his lease ends';
comment on column citizen_notices.attempts is 'since it was written, or since a person had it resent';
create index citizen_notices_due on citizen_notices (due_at) where state = 'waiting';
create index citizen_notices_waiting on citizen_notices (case_id, notice_id) where state = 'waiting';
create index citizen_notices_state on citizen_notices (state, notice_id);
create index citizen_notices_ended on citizen_notices (ended_at) where ended_at is not null;

create table citizen_notice_attempts (
  attempt_id bigint generated always as identity primary key,
  notice_id  bigint not null references citizen_notices on delete cascade,
  at         timestamptz not null,
  outcome    text not null check (outcome in ('sent', 'failed', 'refused', 'expired')),
  status     smallint,
  error      text not null default '',
  excerpt    text not null default '' check (length(excerpt) <= 300),
  duration_s double precision not null
);
create index citizen_notice_attempts_notice on citizen_notice_attempts (notice_id, attempt_id);

create function citizen_notice_attempt_events(attempt citizen_notice_attempts)
returns setof event_totals language sql immutable
begin atomic
  select
    'notice.attempted', shanghai_day(attempt.at), '', '', attempt.outcome, '', 1::numeric;
end;
create trigger event_totals_insert after insert on citizen_notice_attempts
  referencing new table as new_rows
  for each statement execute function keep_event_totals('citizen_notice_attempt_events');
do $$
begin
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $names$
notice.attempted      attempt                 outcome                attempts to tell a citizen$names$);
end $$;

-- Sessions of a program that has a provider say so (gateway/engines.py): without one nobody would
-- ever send what is written.
create function notices_are_sent() returns boolean language sql stable
return coalesce(current_setting('hotline.notices', true), '') = 'on';

-- Which notice a step is told by, if any. A case is accepted once, and once more when it was reopened:
-- passed on to another department it is not news to the citizen.
create function notice_kind(h case_history) returns text language sql stable
return case
  when case_event_name(h.step, h.from_state, h.to_state) = 'case.closed' then 'closed'
  when h.step = 'accepted' and not exists (
    select from case_history before
    where before.case_id = h.case_id and before.step = 'accepted' and before.version < h.version
      and before.version > (
        select coalesce(max(r.version), 0) from case_history r
        where r.case_id = h.case_id and r.step = 'reopened' and r.version < h.version
      )
  ) then 'accepted'
end;

-- Nothing is told of confidential cases, for a message may be read by others; calls of a transcript
-- are of nobody; an SMS reaches mobile numbers only.
create function notices_of_steps() returns trigger language plpgsql as $$
begin
  if is_history() or not notices_are_sent() then
    return null;
  end if;
  insert into citizen_notices (case_id, version, kind, text, at, due_at, expires_at)
  select
    h.case_id, h.version, t.kind,
    replace(replace(t.text, '{enquiry}', enquiry.text), '{case_no}', c.case_no),
    h.at, h.at, h.at + interval '1 day'
  from case_history h
  join new_rows n using (history_id)
  join cases c on c.case_id = h.case_id
  join notice_templates t on t.kind = notice_kind(h) and t.active
  join notice_templates enquiry on enquiry.kind = 'enquiry'
  where not c.confidential
    and caller_number(c.caller) ~ '^1[3-9][0-9]{9}$'
    and coalesce(c.call_id, '') not like '%-transcript-%'
  order by h.history_id;
  return null;
end $$;
create trigger notices_of_steps after insert on case_history
  referencing new table as new_rows
  for each statement execute function notices_of_steps();

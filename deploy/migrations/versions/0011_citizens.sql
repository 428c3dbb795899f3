-- What an agent keeps of somebody who calls, by number as `caller_number` spells it. Erased by deleting.
create table citizens (
  number     text primary key check (number <> ''),
  name       text not null default '' check (length(name) <= 64),
  address    text not null default '' check (length(address) <= 200),
  notes      text not null default '' check (length(notes) <= 500),
  version    integer not null default 1 check (version >= 1),
  changed_by text not null,
  changed_at timestamptz not null
);

-- Nuisance marks (C6): proposed by one person, decided on by another. From `decided_at` to `ends_at`
-- one covers every call of the number, besides the calls it was approved on; a mistaken one nothing.
create table nuisance_marks (
  mark_id     bigint generated always as identity primary key,
  number      text not null check (number <> ''),
  kind        text not null check (kind in ('malicious', 'repeated')),
  reason      text not null check (length(reason) between 1 and 1000),
  state       text not null check (state in ('proposed', 'approved', 'refused', 'lifted')),
  proposed_by text not null,
  proposed_at timestamptz not null,
  decided_by  text check (decided_by <> proposed_by),
  decided_at  timestamptz,
  decision    text not null default '',
  ends_at     timestamptz,
  lifted_by   text,
  lift_reason text not null default '',
  mistaken    boolean not null default false,
  check ((state = 'proposed') = (decided_at is null)),
  check ((decided_by is null) = (decided_at is null)),
  check ((state in ('approved', 'lifted')) = (ends_at is not null)),
  check ((state = 'lifted') = (lifted_by is not null)),
  check (ends_at >= decided_at),
  check (state = 'lifted' or not mistaken)
);
comment on column nuisance_marks.ends_at is 'when it expires; of a lifted one, when it was lifted';
create unique index nuisance_marks_proposed on nuisance_marks (number) where state = 'proposed';
create index nuisance_marks_number on nuisance_marks (number, mark_id desc);
create index nuisance_marks_state on nuisance_marks (state, mark_id desc);

create table nuisance_calls (
  mark_id bigint not null references nuisance_marks,
  call_id text not null,
  primary key (mark_id, call_id)
);
comment on table nuisance_calls is 'the calls that a mark was proposed on';
create index nuisance_calls_call on nuisance_calls (call_id);

-- 诉访分离: what is before a court, an arbitrator or an administrative review.
alter table cases add column matter text check (matter in ('litigation', 'arbitration', 'review'));
alter table case_history add column matter text;
comment on column cases.matter is 'none: not separated';
create index cases_matter on cases (opened_at desc, case_id desc) where matter is not null;

-- What does not count in satisfaction figures, and why: one row for each rating, each answer, each
-- callback that was not made. Never removed; `counted_again_at` ends one.
create table figure_exclusions (
  exclusion_id     bigint generated always as identity primary key,
  made_at          timestamptz not null default now(),
  what             text not null check (what in ('rating', 'answer', 'callback')),
  reason           text not null check (reason in ('separated', 'nuisance')),
  mark_id          bigint references nuisance_marks,
  case_id          bigint references cases,
  call_id          text,
  of_id            text not null,
  queue            text not null default '',
  subject          text not null default '',
  answer           text not null default '',
  given_at         timestamptz not null,
  counted_again_at timestamptz,
  check ((reason = 'nuisance') = (mark_id is not null))
);
comment on column figure_exclusions.of_id is 'call of a rating, attempt of an answer, case of a callback';
comment on column figure_exclusions.subject is 'scale of a rating, question of an answer';
create unique index figure_exclusions_open on figure_exclusions (what, of_id, subject)
  where counted_again_at is null;
create index figure_exclusions_case on figure_exclusions (case_id);
create index figure_exclusions_call on figure_exclusions (call_id);
create index figure_exclusions_mark on figure_exclusions (mark_id) where mark_id is not null;
create index figure_exclusions_reason on figure_exclusions (reason, exclusion_id desc);

create function nuisance_mark_of(asked_call text) returns bigint language sql stable
begin atomic
  select m.mark_id
  from calls c join nuisance_marks m on m.number = caller_number(c.caller)
  where c.call_id = asked_call and c.caller <> ''
    and m.state in ('approved', 'lifted') and not m.mistaken
    and (
      (c.arrived_at >= m.decided_at and c.arrived_at < m.ends_at)
      or exists (
        select from nuisance_calls e where e.mark_id = m.mark_id and e.call_id = c.call_id
      )
    )
  order by m.mark_id limit 1;
end;

-- Why a call, or a case and the call it came from, does not count; no row when it does.
create function exclusion_of(asked_call text, asked_case bigint)
returns table (reason text, mark_id bigint) language sql stable
begin atomic
  select case when s.separated then 'separated' else 'nuisance' end,
    case when not s.separated then n.mark_id end
  from (select exists (
    select from cases c
    where (c.case_id = asked_case or c.call_id = asked_call) and c.matter is not null
  ) as separated) s, (select nuisance_mark_of(asked_call) as mark_id) n
  where s.separated or n.mark_id is not null;
end;

-- Brings the list up to date for these calls and cases, after anything that decides about them.
create function restate_exclusions(asked_calls text[], asked_cases bigint[]) returns void
language plpgsql as $$
begin
  update figure_exclusions x set counted_again_at = now()
  where x.counted_again_at is null
    and (x.call_id = any(asked_calls) or x.case_id = any(asked_cases))
    and not exists (
      select from exclusion_of(x.call_id, x.case_id) e
      where e.reason = x.reason and e.mark_id is not distinct from x.mark_id
    );
  insert into figure_exclusions
    (what, reason, mark_id, case_id, call_id, of_id, queue, subject, answer, given_at)
  select 'rating', e.reason, e.mark_id, c.case_id, r.call_id, r.call_id, coalesce(r.queue, ''),
    r.scale, r.answer, r.given_at
  from ratings r
  cross join lateral exclusion_of(r.call_id, null) e
  left join cases c on c.call_id = r.call_id
  where r.call_id = any(asked_calls)
  on conflict do nothing;
  insert into figure_exclusions
    (what, reason, mark_id, case_id, call_id, of_id, subject, answer, given_at)
  select 'answer', e.reason, e.mark_id, c.case_id, c.call_id, a.attempt_id, a.question, a.answer,
    a.answered_at
  from cases c
  join survey_attempts t on t.case_id = c.case_id
  join survey_answers a on a.attempt_id = t.attempt_id
  cross join lateral exclusion_of(c.call_id, c.case_id) e
  where c.case_id = any(asked_cases) or c.call_id = any(asked_calls)
  on conflict do nothing;
end $$;

create function exclude_rating() returns trigger language plpgsql as $$
begin
  if exists (select from exclusion_of(new.call_id, null)) then
    perform restate_exclusions(array[new.call_id], array[]::bigint[]);
  end if;
  return null;
end $$;
create trigger ratings_exclusion after insert on ratings
  for each row execute function exclude_rating();

create function exclude_answer() returns trigger language plpgsql as $$
declare
  of_case bigint;
begin
  select c.case_id into of_case
  from survey_attempts t join cases c on c.case_id = t.case_id
  cross join lateral exclusion_of(c.call_id, c.case_id) e
  where t.attempt_id = new.attempt_id;
  if of_case is not null then
    perform restate_exclusions(array[]::text[], array[of_case]);
  end if;
  return null;
end $$;
create trigger survey_answers_exclusion after insert on survey_answers
  for each row execute function exclude_answer();

create function exclude_case() returns trigger language plpgsql as $$
begin
  perform restate_exclusions(array_remove(array[new.call_id], null), array[new.case_id]);
  return null;
end $$;
create trigger cases_separated after insert on cases
  for each row when (new.matter is not null) execute function exclude_case();
create trigger cases_matter after update of matter on cases
  for each row when (old.matter is distinct from new.matter) execute function exclude_case();

create function exclude_calls_of_mark() returns trigger language plpgsql as $$
declare
  covered text[];
begin
  select array(
    select call_id from nuisance_calls where mark_id = new.mark_id
    union
    select call_id from calls
    where caller = any (caller_spellings(new.number)) and caller <> ''
      and arrived_at >= new.decided_at
  ) into covered;
  perform restate_exclusions(covered, array[]::bigint[]);
  return null;
end $$;
create trigger nuisance_marks_exclusion after update of state on nuisance_marks
  for each row when (new.state in ('approved', 'lifted')) execute function exclude_calls_of_mark();

-- What does not count is taken from what was given, so that whoever reads the totals agrees.
create function exclusion_events(x figure_exclusions)
returns setof event_totals language sql immutable
begin atomic
  select name, shanghai_day(x.given_at), queue, '', subject, detail, amount
  from (values
    ('rating.given', 'rating', x.queue, x.subject, x.answer, -1::numeric),
    ('rating.excluded', 'rating', x.queue, x.reason, '', 1::numeric),
    ('survey.answered', 'answer', '', x.subject, x.answer, -1::numeric),
    ('survey.excluded', 'answer', '', x.reason, '', 1::numeric)
  ) counted (name, what, queue, subject, detail, amount)
  where what = x.what and x.counted_again_at is null;
end;
create trigger event_totals_insert after insert on figure_exclusions
  referencing new table as new_rows
  for each statement execute function keep_event_totals('exclusion_events');
create trigger event_totals_update after update on figure_exclusions
  referencing old table as old_rows new table as new_rows
  for each statement execute function keep_event_totals('exclusion_events');

do $$
begin
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $note$
rating.given and survey.answered are those that count in satisfaction; those that do not:
rating.excluded       answer        queue         reason                 ratings
survey.excluded       answer                      reason                 answers$note$);
end $$;

-- The audit log: emptied as little as changed. A writer holds the lock, shared, from before its rows
-- get their numbers until they are there: whoever gets it alone knows that no smaller one is to come.
create trigger audit_log_no_truncate before truncate on audit_log
  for each statement execute function refuse_change();
create function announce_audit() returns trigger language plpgsql as $$
begin
  perform pg_advisory_xact_lock_shared(74567);
  return null;
end $$;
create trigger audit_log_announced before insert on audit_log
  for each statement execute function announce_audit();
create index audit_log_at on audit_log (at, audit_id);
create index audit_log_actor on audit_log (actor, at, audit_id);
create index audit_log_action on audit_log (action, at, audit_id);
create index audit_log_subject on audit_log (subject, at, audit_id);

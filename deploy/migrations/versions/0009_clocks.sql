-- How long signing and closing may take. A changed rule is a new version: the old rows stay, because
-- the clocks that began under them go by them.
create table clock_rules (
  rule_id      bigint generated always as identity primary key,
  category     text check (length(category) between 1 and 32),
  urgency      text not null check (urgency in ('critical', 'urgent', 'ordinary', 'complex')),
  version      integer not null check (version >= 1),
  sign_amount  integer not null check (sign_amount >= 1),
  sign_unit    text not null check (sign_unit in ('working_days', 'working_hours', 'hours')),
  close_amount integer not null check (close_amount >= 1),
  close_unit   text not null check (close_unit in ('working_days', 'working_hours', 'hours')),
  withdrawn    boolean not null default false,
  made_at      timestamptz not null,
  made_by      text not null,
  unique nulls not distinct (category, urgency, version),
  check (category is not null or not withdrawn)
);
comment on column clock_rules.category is 'code of the category; null: all that have no rule of their own';
comment on column clock_rules.withdrawn is 'the category goes by the rule for all again';
create trigger clock_rules_append_only before update or delete on clock_rules
  for each row execute function refuse_change();

insert into clock_rules (
  category, urgency, version, sign_amount, sign_unit, close_amount, close_unit, made_at, made_by
) values
  (null, 'critical', 1, 1, 'hours', 2, 'hours', now(), 'system'),
  (null, 'urgent', 1, 2, 'hours', 24, 'hours', now(), 'system'),
  (null, 'ordinary', 1, 24, 'hours', 7, 'working_days', now(), 'system'),
  (null, 'complex', 1, 24, 'hours', 15, 'working_days', now(), 'system');

-- What this city changes in the national arrangement, and the years that it entered itself.
create table calendar_days (
  day     date primary key,
  working boolean not null,
  name    text not null check (length(name) between 1 and 64),
  set_by  text not null,
  set_at  timestamptz not null
);
create table calendar_years (
  year   integer primary key check (year between 2000 and 2200),
  set_by text not null,
  set_at timestamptz not null
);
comment on table calendar_years is
  'years whose arrangement is complete in calendar_days: their other days are worked Monday to Friday';

create table case_clocks (
  clock_id    bigint generated always as identity primary key,
  case_id     bigint not null references cases,
  kind        text not null check (kind in ('signing', 'closing')),
  rule_id     bigint not null references clock_rules,
  started_at  timestamptz not null,
  deadline    timestamptz,
  yellow_from timestamptz,
  notice_at   timestamptz,
  term        integer not null default 1 check (term >= 1),
  paused_at   timestamptz,
  stopped_at  timestamptz,
  check ((deadline is null) = (yellow_from is null)),
  check (stopped_at is null or notice_at is null)
);
comment on column case_clocks.deadline is
  'worked out from case_clock_history; null while the calendar of its time is missing';
comment on column case_clocks.notice_at is 'when the next notice is due; null: none is';
comment on column case_clocks.term is 'grows with every extension: each term has its own notices';
create unique index case_clocks_one_running on case_clocks (case_id, kind) where stopped_at is null;
create index case_clocks_case on case_clocks (case_id);
create index case_clocks_deadline on case_clocks (deadline, case_id) include (kind, yellow_from)
  where stopped_at is null and paused_at is null;
create index case_clocks_notice on case_clocks (notice_at)
  where stopped_at is null and paused_at is null;
create index case_clocks_timeless on case_clocks (case_id)
  where stopped_at is null and (paused_at is not null or deadline is null);
create index case_clocks_running on case_clocks (clock_id) where stopped_at is null;

create table case_clock_history (
  entry_id bigint generated always as identity primary key,
  clock_id bigint not null references case_clocks,
  at       timestamptz not null,
  actor    text not null,
  act      text not null
    check (act in ('started', 'paused', 'resumed', 'extended', 'redated', 'stopped')),
  amount   integer check (amount >= 1),
  unit     text check (unit in ('working_days', 'working_hours', 'hours')),
  note     text not null default '',
  check ((act = 'extended') = (amount is not null and unit is not null))
);
create index case_clock_history_clock on case_clock_history (clock_id, entry_id);
create trigger case_clock_history_append_only before update or delete on case_clock_history
  for each row execute function refuse_change();

-- The claim on a notice: whoever inserts the row makes the notice, and nobody makes it again.
create table case_clock_notices (
  clock_id bigint not null references case_clocks,
  term     integer not null,
  notice   text not null check (notice in ('reminded', 'overdue')),
  kind     text not null,
  made_at  timestamptz not null,
  primary key (clock_id, term, notice)
);

create function case_clock_notice_events(notice case_clock_notices)
returns setof event_totals language sql immutable
begin atomic
  select
    'clock.' || notice.notice, shanghai_day(notice.made_at), '', '', notice.kind, '', 1::numeric;
end;
create trigger event_totals_insert after insert on case_clock_notices
  referencing new table as new_rows
  for each statement execute function keep_event_totals('case_clock_notice_events');
do $$
begin
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $names$
clock.reminded        notice                  clock                  reminders before a deadline
clock.overdue         notice                  clock                  deadlines that passed$names$);
end $$;

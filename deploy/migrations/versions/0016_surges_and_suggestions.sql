-- Surge warnings (C10): one row each, from its beginning to its end.
create table surges (
  surge_id        bigint generated always as identity primary key,
  level           text not null check (level in ('class', 'subclass', 'cluster')),
  window_minutes  integer not null check (window_minutes >= 1),
  category_id     bigint references categories,
  place           text,
  words           text[] not null default '{}',
  started_at      timestamptz not null,
  seen_at         timestamptz not null,
  ended_at        timestamptz,
  cases           integer not null check (cases >= 1),
  total           integer not null check (total >= cases),
  peak_cases      integer not null,
  peak_total      integer not null,
  peak_at         timestamptz not null,
  acknowledged_by text,
  acknowledged_at timestamptz,
  check ((level = 'cluster') = (place is not null)),
  check (level = 'cluster' or category_id is not null),
  check (ended_at >= started_at),
  check ((acknowledged_by is null) = (acknowledged_at is null))
);
comment on column surges.category_id is
  'what there is too much of; of a cluster the sub-class of at least half of its cases, if any';
comment on column surges.seen_at is 'when it was found last; it ends when it was not for a while';
comment on column surges.total is 'cases of the window, when `cases` of them were found; as seen_at';
comment on column surges.peak_cases is
  'with peak_total at peak_at the largest share; of a cluster the most cases';
create unique index surges_one_open on surges (category_id, window_minutes)
  where ended_at is null and level <> 'cluster';
create index surges_open on surges (started_at desc, surge_id desc) where ended_at is null;
create index surges_started on surges (started_at desc, surge_id desc);

-- The cases of a cluster: all that ever were.
create table surge_cases (
  surge_id bigint not null references surges,
  case_id  bigint not null references cases,
  primary key (surge_id, case_id)
);
create index surge_cases_case on surge_cases (case_id);

create function surge_events(surge surges) returns setof event_totals language sql immutable
begin atomic
  select 'surge.started', shanghai_day(surge.started_at), '', '', surge.level, '', 1::numeric;
end;

-- Models of the dispatch suggestion (C12): plain numbers, whose hash is looked at before they are
-- used. Of old ones the numbers are dropped, what they were trained on and how good they were stays.
create table suggestion_models (
  model_id    bigint generated always as identity primary key,
  trained_at  timestamptz not null,
  case_count  integer not null check (case_count >= 1),
  first_case  text not null,
  last_case   text not null,
  last_at     timestamptz not null,
  measured    jsonb not null,
  sha256      text not null check (length(sha256) = 64),
  content     bytea
);
comment on column suggestion_models.case_count is
  'cases from first_case to last_case (numbers) that it was made from and measured with';
comment on column suggestion_models.measured is 'on held-out cases: the newest of them';

-- What came of each night's look; the day is the claim on it.
create table suggestion_trainings (
  day      date primary key,
  ended_at timestamptz not null,
  outcome  text not null check (outcome in ('trained', 'too_few', 'failed')),
  detail   text not null default '',
  model_id bigint references suggestion_models
);

-- What a person was shown, and what he chose then: no word of the case. Categories and departments
-- in the order of their confidence; offered: the first was confident enough to be shown.
create table dispatch_suggestions (
  suggestion_id          bigint generated always as identity primary key,
  model_id               bigint not null references suggestion_models,
  asked_by               bigint not null references users (user_id),
  asked_at               timestamptz not null,
  categories             bigint[] not null,
  category_confidences   real[] not null,
  category_offered       boolean not null,
  departments            bigint[] not null,
  department_confidences real[] not null,
  department_offered     boolean not null,
  case_id                bigint unique references cases,
  category_id            bigint references categories,
  department_id          bigint references departments,
  chosen_at              timestamptz,
  check (cardinality(categories) = cardinality(category_confidences)),
  check (cardinality(departments) = cardinality(department_confidences)),
  check ((case_id is null) = (chosen_at is null))
);
create index dispatch_suggestions_chosen on dispatch_suggestions (chosen_at) where chosen_at is not null;
create index dispatch_suggestions_unused on dispatch_suggestions (asked_at) where chosen_at is null;

-- Where the choice was among what was proposed.
create function suggested_place(chosen bigint, proposed bigint[]) returns text language sql immutable
begin atomic
  select case array_position(proposed, chosen) when 1 then 'first' else
    case when chosen = any(proposed) then 'among' else 'other' end end;
end;
create function dispatch_suggestion_events(s dispatch_suggestions)
returns setof event_totals language sql immutable
begin atomic
  select 'suggestion.chosen', shanghai_day(s.chosen_at), '', '', target,
    suggested_place(chosen, proposed), 1::numeric
  from (values
    ('category', s.category_id, s.categories, s.category_offered),
    ('department', s.department_id, s.departments, s.department_offered)
  ) each (target, chosen, proposed, offered)
  where s.chosen_at is not null and chosen is not null and offered;
end;

do $$
declare
  counted text[];
begin
  foreach counted slice 1 in array array[
    ['surges', 'surge_events'], ['dispatch_suggestions', 'dispatch_suggestion_events']
  ] loop
    execute format('create trigger event_totals_insert after insert on %I
      referencing new table as new_rows
      for each statement execute function keep_event_totals(%L)', counted[1], counted[2]);
    execute format('create trigger event_totals_update after update on %I
      referencing old table as old_rows new table as new_rows
      for each statement execute function keep_event_totals(%L)', counted[1], counted[2]);
    execute format('create trigger event_totals_delete after delete on %I
      referencing old table as old_rows
      for each statement execute function keep_event_totals(%L)', counted[1], counted[2]);
  end loop;
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $names$
surge.started         start                   level                  surge warnings
suggestion.chosen     choice                  target         place   choices where something was offered$names$);
end $$;

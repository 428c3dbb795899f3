-- The tree of departments (C3): a parent is exactly one level up, which a foreign key says; so
-- there can be no cycle.
create table departments (
  department_id bigint generated always as identity primary key,
  code          text not null unique check (code ~ '^[A-Za-z0-9-]{1,32}$'),
  name          text not null check (length(name) between 1 and 64),
  level         smallint not null check (level between 1 and 4),
  parent_id     bigint,
  parent_level  smallint generated always as (level - 1) stored,
  active        boolean not null default true,
  unique (department_id, level),
  foreign key (parent_id, parent_level) references departments (department_id, level),
  check ((parent_id is null) = (level = 1))
);
comment on column departments.level is '1 市, 2 区县, 3 街道镇, 4 社区村';
create index departments_parent on departments (parent_id);

-- Two levels (C1): a class and its sub-classes, told apart in the same way.
create table categories (
  category_id   bigint generated always as identity primary key,
  code          text not null unique check (code ~ '^[A-Za-z0-9-]{1,32}$'),
  name          text not null check (length(name) between 1 and 64),
  level         smallint not null check (level between 1 and 2),
  parent_id     bigint,
  parent_level  smallint generated always as (level - 1) stored,
  department_id bigint references departments,
  closed        boolean not null default false,
  unique (category_id, level),
  foreign key (parent_id, parent_level) references categories (category_id, level),
  check ((parent_id is null) = (level = 1))
);
comment on column categories.department_id is 'whom cases of it are dispatched to unless told otherwise';
create index categories_parent on categories (parent_id);
create index categories_department on categories (department_id);

alter table users drop constraint users_role_check;
alter table users
  add constraint users_role_check
    check (role in ('agent', 'supervisor', 'administrator', 'department')),
  add column department_id bigint references departments,
  add constraint users_department_check check ((role = 'department') = (department_id is not null));
create index users_department on users (department_id) where department_id is not null;

alter table cases drop constraint cases_state_check;
alter table cases
  add column category_id bigint references categories,
  add column lead_id bigint references departments,
  add column extension_days smallint check (extension_days between 1 and 365),
  add column merged_into bigint references cases,
  add constraint cases_state_check check (state in (
    'registered', 'dispatched', 'accepted', 'handling', 'replied', 'return_asked', 'closed',
    'withdrawn', 'merged'
  )),
  add constraint cases_lead_check check (
    case when state = 'registered' then lead_id is null
      when state in ('closed', 'withdrawn', 'merged') then true
      else lead_id is not null end
  ),
  add constraint cases_extension_check
    check (extension_days is null or state in ('accepted', 'handling')),
  add constraint cases_merged_check check ((merged_into is null) = (state <> 'merged'));
comment on column cases.lead_id is '主办部门; none before the case is dispatched';
comment on column cases.extension_days is 'asked for by the lead department, not decided yet';

drop index cases_opened_at;
create index cases_opened_at on cases (opened_at desc, case_id desc);
create index cases_state on cases (state, opened_at desc, case_id desc);
create index cases_category on cases (category_id, opened_at desc, case_id desc);
create index cases_opened_by on cases (opened_by, opened_at desc, case_id desc);
create index cases_lead on cases (lead_id) where lead_id is not null;
create index cases_merged_into on cases (merged_into) where merged_into is not null;

-- A case that is opened again was closed all the same: what was counted of it stays counted, or the
-- counter of closed cases would go backwards.
alter table cases add column first_closed_at timestamptz;
update cases set first_closed_at = closed_at where closed_at is not null;
create function keep_first_closing() returns trigger language plpgsql as $$
begin
  new.first_closed_at := coalesce(new.first_closed_at, new.closed_at);
  return new;
end $$;
create trigger cases_first_closing before insert or update of closed_at on cases
  for each row execute function keep_first_closing();
create or replace function case_events(c cases) returns setof event_totals language sql immutable
begin atomic
  select name, shanghai_day(at), '', '', c.kind, '', 1::numeric
  from (values
    ('case.opened', c.opened_at, true),
    ('case.opened_from_call', c.opened_at, c.call_id is not null),
    ('case.answered_at_once', c.opened_at, c.call_id is not null and c.answered_at_once),
    ('case.closed', c.first_closed_at, c.first_closed_at is not null)
  ) counted (name, at, applies)
  where applies;
end;

-- Whose business a case is. `state`, `opened_at` and `confidential` are those of the case: with them a
-- department finds its inbox in one index. The trigger keeps the state, so that no writer can forget
-- it; the other two never change.
create table case_departments (
  case_id       bigint not null references cases,
  department_id bigint not null references departments,
  part          text not null check (part in ('lead', 'assisting')),
  state         text not null,
  opened_at     timestamptz not null,
  confidential  boolean not null,
  primary key (case_id, department_id)
);
create unique index case_departments_lead on case_departments (case_id) where part = 'lead';
create index case_departments_inbox
  on case_departments (department_id, state, opened_at desc, case_id desc);

create function case_departments_state() returns trigger language plpgsql as $$
begin
  update case_departments set state = new.state where case_id = new.case_id;
  return null;
end $$;
create trigger case_departments_state after update of state on cases
  for each row when (old.state <> new.state) execute function case_departments_state();

-- The history gets where a step led from and to; one step makes one version.
alter table case_history disable trigger case_history_append_only;
alter table case_history
  add column version integer,
  add column from_state text,
  add column to_state text,
  add column from_department bigint,
  add column to_department bigint references departments,
  add column days smallint,
  add column other_case bigint references cases;
update case_history h set version = n.version, from_state = n.from_state,
  to_state = case when h.step = 'registered' then 'registered' else 'closed' end
from (
  select history_id,
    row_number() over (partition by case_id order by history_id) as version,
    case when step <> 'registered' then 'registered' end as from_state
  from case_history
) n where n.history_id = h.history_id;
update cases c set version = n.version
from (select case_id, max(version) as version from case_history group by case_id) n
where n.case_id = c.case_id and c.version <> n.version;
alter table case_history
  alter version set not null,
  alter to_state set not null;
alter table case_history enable trigger case_history_append_only;
drop index case_history_case;
create unique index case_history_case on case_history (case_id, version);
create index case_history_department on case_history (to_department) where to_department is not null;
comment on column case_history.from_department is 'to_department of an earlier entry of the case';

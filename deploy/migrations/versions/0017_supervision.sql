-- What is not over: a small part of all cases, walked by the supervision lists and the board.
create index cases_open on cases (case_id) where state not in ('closed', 'withdrawn', 'merged');

-- Lists of what supervisors look at (日签批, 周调度, 月分析). They stay as they were made: what a case
-- was then is in its row, what has become of it in the case.
create table supervision_lists (
  list_id   bigint generated always as identity primary key,
  kind      text not null check (kind in ('day', 'week', 'month')),
  first_day date not null,
  last_day  date not null check (last_day >= first_day),
  made_at   timestamptz not null,
  unique (kind, first_day)
);
create trigger supervision_lists_append_only before update or delete on supervision_lists
  for each row execute function refuse_change();

create table supervision_items (
  list_id       bigint not null references supervision_lists,
  case_id       bigint not null references cases,
  place         integer not null check (place >= 1),
  case_version  integer not null,
  state         text not null,
  department_id bigint references departments,
  deadline      timestamptz,
  grounds       text[] not null check (cardinality(grounds) > 0),
  days          smallint not null check (days >= 1),
  primary key (list_id, case_id),
  unique (list_id, place)
);
comment on column supervision_items.department_id is 'in charge when the list was made';
comment on column supervision_items.days is 'on how many lists of a day the case was in a week';
create trigger supervision_items_append_only before update or delete on supervision_items
  for each row execute function refuse_change();

-- The claim on an item: whoever inserts the row has signed it off (签批), and nobody does again.
create table supervision_instructions (
  list_id bigint not null,
  case_id bigint not null,
  at      timestamptz not null,
  actor   text not null,
  step    text not null check (step in ('supervised', 'noted')),
  words   text not null check (length(words) between 1 and 1000),
  primary key (list_id, case_id),
  foreign key (list_id, case_id) references supervision_items
);
create trigger supervision_instructions_append_only
  before update or delete on supervision_instructions
  for each row execute function refuse_change();

-- Counts of a month and of the one before: rates are made of them when they are read.
create table supervision_figures (
  list_id            bigint not null references supervision_lists,
  axis               text not null check (axis in ('class', 'department', 'district')),
  code               text not null,
  name               text not null,
  figure             text not null,
  numerator          integer not null check (numerator >= 0),
  denominator        integer not null check (denominator >= numerator),
  numerator_before   integer not null check (numerator_before >= 0),
  denominator_before integer not null check (denominator_before >= numerator_before),
  primary key (list_id, axis, code, figure)
);
comment on column supervision_figures.code is 'empty: without class, without department';
create trigger supervision_figures_append_only before update or delete on supervision_figures
  for each row execute function refuse_change();
-- What happened in a month: entries are added in the order of time, so blocks of the table are enough.
create index case_history_at on case_history using brin (at);

-- A department that passed a case down stays responsible for it (首接负责).
alter table case_departments drop constraint case_departments_part_check;
alter table case_departments add constraint case_departments_part_check
  check (part in ('lead', 'assisting', 'responsible'));
create unique index case_departments_responsible on case_departments (case_id)
  where part = 'responsible';

-- Joint handling (街乡吹哨、部门报到): the street that is in charge calls others in. One at a time for a
-- case. Its deadlines are worked out from `called_at`, `hours` and `days` whenever they are read.
create table joint_handlings (
  joint_id  bigint generated always as identity primary key,
  case_id   bigint not null references cases,
  caller_id bigint not null references departments,
  called_at timestamptz not null,
  hours     smallint not null check (hours between 1 and 240),
  days      smallint not null check (days between 1 and 60),
  ended_at  timestamptz check (ended_at >= called_at)
);
create unique index joint_handlings_running on joint_handlings (case_id) where ended_at is null;
create index joint_handlings_case on joint_handlings (case_id);
comment on column joint_handlings.hours is 'within which those that are called report in';
comment on column joint_handlings.days is 'working days of the joint deadline';

create table joint_calls (
  joint_id       bigint not null references joint_handlings,
  department_id  bigint not null references departments,
  reported_at    timestamptz,
  contributed_at timestamptz,
  contribution   text not null default '' check (length(contribution) <= 4000),
  primary key (joint_id, department_id),
  check (contributed_at is null or reported_at <= contributed_at)
);
create index joint_calls_department on joint_calls (department_id);

-- Campaigns of people's suggestions (人民建议征集): a suggestion is a case of that kind, of one campaign.
create table campaigns (
  campaign_id bigint generated always as identity primary key,
  title       text not null unique check (length(title) between 1 and 100),
  topic       text not null default '' check (length(topic) <= 2000),
  first_day   date not null,
  last_day    date not null check (last_day >= first_day),
  version     integer not null default 1
);
create table campaign_suggestions (
  case_id        bigint primary key references cases,
  campaign_id    bigint not null references campaigns,
  tied_at        timestamptz not null,
  tied_by        text not null,
  valid          boolean,
  screened_because text not null default '' check (length(screened_because) <= 1000),
  adoption       text check (adoption in ('adopted', 'partly', 'not')),
  adopted_because text not null default '' check (length(adopted_because) <= 1000),
  department_id  bigint references departments,
  version        integer not null default 1,
  check (adoption is null or (valid and department_id is not null)),
  check (valid is distinct from false or screened_because <> ''),
  check (adoption is not distinct from 'adopted' or adoption is null or adopted_because <> '')
);
comment on column campaign_suggestions.valid is 'null: not screened yet';
create index campaign_suggestions_campaign on campaign_suggestions (campaign_id, case_id desc);
create index cases_suggestions on cases (opened_at desc, case_id desc) where kind = 'suggestion';

-- Hot topics and places: in how many cases opened on a day a word or an address occurs, and how many
-- cases each department has, by category. Confidential cases are in none of them.
create table topic_days (
  day        date primary key,
  cases      integer not null check (cases >= 0),
  counted_at timestamptz not null
);
create table topic_counts (
  day         date not null references topic_days on delete cascade,
  kind        text not null check (kind in ('word', 'address', 'department')),
  value       text not null,
  category_id bigint references categories,
  cases       integer not null check (cases > 0),
  unique nulls not distinct (kind, day, value, category_id)
);
comment on column topic_counts.category_id is 'none of a word, and of cases without category';

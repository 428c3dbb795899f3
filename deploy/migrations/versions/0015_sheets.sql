-- A sheet that somebody uploaded (导入). Its rows wait here, as the dry run read them, until a person
-- accepts them; then they go, and what became of them stays.
create table sheet_imports (
  import_id   bigint generated always as identity primary key,
  sheet       text not null check (sheet in ('departments', 'categories', 'cases')),
  file_name   text not null default '' check (length(file_name) <= 200),
  sha256      text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  state       text not null default 'reading'
    check (state in ('reading', 'checked', 'accepted', 'applied', 'discarded')),
  made_at     timestamptz not null,
  made_by     text not null,
  rows        integer not null default 0,
  bad         integer not null default 0,
  added       integer not null default 0,
  changed     integer not null default 0,
  accepted_at timestamptz,
  accepted_by bigint references users,
  only_good   boolean not null default false,
  applied     integer not null default 0,
  finished_at timestamptz,
  remark      text not null default '',
  check ((accepted_at is null) = (accepted_by is null))
);
comment on column sheet_imports.added is 'of the good rows, those that are new by the dry run';
comment on column sheet_imports.changed is 'of the good rows, those that change what is there';
create index sheet_imports_waiting on sheet_imports (state, made_at)
  where state in ('reading', 'checked', 'accepted');

create table sheet_import_rows (
  import_id bigint not null references sheet_imports,
  line      integer not null,
  fields    jsonb not null,
  bad       boolean not null default false,
  applied   boolean not null default false,
  primary key (import_id, line)
);

create table sheet_import_problems (
  problem_id bigint generated always as identity primary key,
  import_id  bigint not null references sheet_imports,
  line       integer not null,
  field      text not null,
  sentence   text not null
);
create index sheet_import_problems_import on sheet_import_problems (import_id, problem_id);

-- Cases of the system that was there before, by its own numbers: none is imported twice.
create table imported_cases (
  reference text primary key check (length(reference) between 1 and 64),
  case_id   bigint not null unique references cases,
  import_id bigint not null references sheet_imports,
  source    text not null default '' check (length(source) <= 32)
);

alter table users add must_change_password boolean not null default false;
comment on column users.must_change_password is 'the password was given by an administrator';

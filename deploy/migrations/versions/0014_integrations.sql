-- A system that speaks to us has an account like a person, so that what it does has an author; it
-- has a key instead of a password and no session.
alter table users drop constraint users_role_check;
alter table users add constraint users_role_check
  check (role in ('agent', 'supervisor', 'administrator', 'department', 'integration'));

create table api_keys (
  key_id       bigint generated always as identity primary key,
  user_id      bigint not null unique references users,
  prefix       text not null unique check (prefix ~ '^[a-z0-9]{8}$'),
  digest       bytea not null check (length(digest) = 32),
  name         text not null unique check (length(name) between 1 and 64),
  channel      text not null check (channel in ('web', 'letter', 'visit', 'app')),
  scopes       text[] not null check (scopes <@ array['inbound', 'open311'] and scopes <> '{}'),
  active       boolean not null default true,
  created_at   timestamptz not null,
  created_by   text not null,
  last_used_on date
);
comment on column api_keys.digest is 'SHA-256 of the whole key, which is stored nowhere';
comment on column api_keys.last_used_on is 'day in Asia/Shanghai';

-- How a case came: 信、访、网、电.
alter table cases add column source text not null default 'phone'
  check (source in ('phone', 'web', 'letter', 'visit', 'app'));
create index cases_source on cases (source, opened_at desc, case_id desc);

-- What came with a case that another system sent. `opened_at` is that of the case, which never
-- changes: with it a list walks one index.
create table inbound_cases (
  case_id   bigint primary key references cases,
  key_id    bigint not null references api_keys,
  reference text not null default '' check (length(reference) <= 128),
  public    boolean not null,
  latitude  double precision check (latitude between -90 and 90),
  longitude double precision check (longitude between -180 and 180),
  opened_at timestamptz not null,
  check ((latitude is null) = (longitude is null))
);
comment on column inbound_cases.reference is 'number of the case in the system that sent it';
comment on column inbound_cases.public is 'the citizen agreed that text and place are shown publicly';
create index inbound_cases_key on inbound_cases (key_id, opened_at desc, case_id desc);
create index inbound_cases_public on inbound_cases (opened_at desc, case_id desc) where public;

-- The row is claimed in the transaction that opens the case: a second request with the same key
-- waits for it, and finds its answer.
create table idempotency_keys (
  key_id      bigint not null references api_keys,
  key         text not null check (length(key) between 1 and 255),
  fingerprint bytea not null,
  answer      jsonb,
  made_at     timestamptz not null,
  primary key (key_id, key)
);
comment on column idempotency_keys.fingerprint is 'SHA-256 of what was asked for';
comment on column idempotency_keys.answer is 'null inside the transaction that makes it only';
create index idempotency_keys_made_at on idempotency_keys (made_at);

-- When the list of services last changed, as the discovery of Open311 tells it.
create table category_changes (
  single     boolean primary key default true check (single),
  changed_at timestamptz not null
);
insert into category_changes (changed_at) values (now());
create function note_category_change() returns trigger language plpgsql as $$
begin
  update category_changes set changed_at = now();
  return null;
end $$;
create trigger category_changes after insert or update or delete on categories
  for each statement execute function note_category_change();

create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;

create table users (
  user_id       bigint generated always as identity primary key,
  login         text not null unique check (login ~ '^[a-z0-9._-]{2,64}$'),
  password_hash text not null,
  role          text not null check (role in ('agent', 'supervisor', 'administrator')),
  display_name  text not null check (length(display_name) between 1 and 64),
  agent         text unique check (agent ~ '^[0-9]{2,10}$'),
  extension     text check (extension ~ '^[0-9]{2,10}$'),
  active        boolean not null default true,
  created_at    timestamptz not null default now(),
  check (role <> 'agent' or (agent is not null and extension is not null))
);
comment on column users.agent is '工号: member name in the queues';

-- One row per caller's stay. Written by the recorder of the switchboard's owner and by the
-- reconciler; `revision` only grows for live rows, so that a late batch cannot undo a newer one.
create table calls (
  call_id     text primary key,
  switchboard text not null,
  uniqueid    text not null,
  line        text not null,
  caller      text not null,
  queue       text,
  arrived_at  timestamptz not null,
  offered_at  timestamptz,
  answered_at timestamptz,
  ended_at    timestamptz,
  outcome     text,
  wait_s      double precision check (wait_s >= 0),
  talk_s      double precision not null default 0 check (talk_s >= 0),
  hold_s      double precision not null default 0 check (hold_s >= 0),
  agent       text,
  agents      jsonb not null default '[]',
  revision    integer not null,
  source      text not null default 'live' check (source in ('live', 'ledger')),
  recorded_at timestamptz not null default now(),
  unique (switchboard, uniqueid),
  check ((ended_at is null) = (outcome is null))
);
create index calls_arrived_at on calls (arrived_at);
create index calls_caller on calls (caller, arrived_at desc) where caller <> '';
create index calls_open on calls (switchboard) where ended_at is null;

create table seat_intervals (
  switchboard text not null,
  agent       text not null,
  state       text not null,
  reason      text not null default '',
  started_at  timestamptz not null,
  ended_at    timestamptz,
  primary key (switchboard, agent, started_at),
  check (ended_at >= started_at)
);
create unique index seat_intervals_open on seat_intervals (switchboard, agent) where ended_at is null;
create index seat_intervals_started_at on seat_intervals (started_at);
create index seat_intervals_ended_at on seat_intervals (ended_at);

create table cases (
  case_id      bigint generated always as identity primary key,
  case_no      text not null unique,
  call_id      text unique,
  kind         text not null check (kind in ('consultation', 'help', 'complaint', 'report', 'suggestion', 'praise')),
  title        text not null check (length(title) between 1 and 100),
  body         text not null check (length(body) between 1 and 4000),
  address      text not null default '' check (length(address) <= 200),
  confidential boolean not null default false,
  caller       text not null default '',
  state        text not null check (state in ('registered', 'closed')),
  answered_at_once boolean not null default false,
  opened_by    bigint not null references users,
  opened_at    timestamptz not null,
  closed_at    timestamptz,
  result       text not null default '' check (length(result) <= 4000),
  version      integer not null default 1,
  check ((closed_at is null) = (state <> 'closed'))
);
create index cases_caller on cases (caller, opened_at desc) where caller <> '';
create index cases_opened_at on cases (opened_at desc);

-- The last number given out on each day (Asia/Shanghai).
create table case_numbers (
  day  date primary key,
  last integer not null
);

create table case_history (
  history_id bigint generated always as identity primary key,
  case_id    bigint not null references cases,
  at         timestamptz not null,
  actor      text not null,
  step       text not null,
  note       text not null default ''
);
create index case_history_case on case_history (case_id, history_id);
create trigger case_history_append_only before update or delete on case_history
  for each row execute function refuse_change();

-- After-call rating (S1): one per call, whatever is retried.
create table ratings (
  call_id  text primary key,
  agent    text,
  queue    text,
  scale    text not null,
  answer   text not null,
  given_at timestamptz not null
);

-- Outbound survey: a row with a unique claim exists before anything is dialled; attempt_id is the
-- ChannelId. While the outcome is unknown (`dialling`) nothing is redialled.
create table survey_attempts (
  attempt_id    text primary key,
  case_id       bigint not null,
  number        text not null,
  questionnaire text not null,
  attempt_no    integer not null check (attempt_no >= 1),
  state         text not null check (state in ('claimed', 'dialling', 'in_survey', 'ended')),
  outcome       text,
  claimed_at    timestamptz not null,
  dialled_at    timestamptz,
  answered_at   timestamptz,
  ended_at      timestamptz,
  unique (case_id, attempt_no),
  check ((ended_at is null) = (state <> 'ended')),
  check ((outcome is null) = (state <> 'ended'))
);
create unique index survey_attempts_live_case on survey_attempts (case_id) where state <> 'ended';
create unique index survey_attempts_live_number on survey_attempts (number) where state <> 'ended';

create table survey_answers (
  attempt_id  text not null references survey_attempts,
  question    text not null,
  answer      text not null,
  answered_at timestamptz not null,
  primary key (attempt_id, question)
);

create table audit_log (
  audit_id bigint generated always as identity primary key,
  at       timestamptz not null,
  actor    text not null,
  action   text not null,
  subject  text not null default '',
  detail   jsonb not null default '{}'
);
create trigger audit_log_append_only before update or delete on audit_log
  for each row execute function refuse_change();

-- Where events of cases are sent (docs/webhooks.md). Triggers on what happens to a case enqueue them,
-- so that no writer can forget it and nothing is sent of what was rolled back.
create table webhook_destinations (
  destination_id  bigint generated always as identity primary key,
  name            text not null unique check (length(name) between 1 and 64),
  url             text not null check (length(url) between 1 and 500),
  secret          text not null,
  former_secret   text,
  former_until    timestamptz,
  events          text[] not null default '{}',
  active          boolean not null default true,
  inactive_reason text not null default '',
  created_at      timestamptz not null,
  check ((former_secret is null) = (former_until is null)),
  check (active or inactive_reason <> '')
);
comment on column webhook_destinations.events is 'names of the events wanted; empty: all';
comment on column webhook_destinations.former_secret is 'signs too until former_until, after a change of secrets';

create table webhook_events (
  event_no bigint generated always as identity primary key,
  event_id text not null unique check (event_id !~ '[.]'),
  name     text not null,
  case_id  bigint not null references cases,
  at       timestamptz not null,
  body     text not null
);
comment on column webhook_events.event_id is
  'header webhook-id; no dot in it, because dots part what is signed';
comment on column webhook_events.body is 'exactly what is sent, every time';
create index webhook_events_case on webhook_events (case_id);

create table webhook_deliveries (
  delivery_id    bigint generated always as identity primary key,
  destination_id bigint not null references webhook_destinations on delete cascade,
  event_no       bigint not null references webhook_events,
  case_id        bigint not null references cases,
  state          text not null default 'waiting'
    check (state in ('waiting', 'delivered', 'dead', 'discarded')),
  attempts       integer not null default 0,
  tried_since    timestamptz,
  enqueued_at    timestamptz not null default now(),
  ended_at       timestamptz,
  unique (destination_id, event_no),
  check ((ended_at is not null) = (state in ('delivered', 'discarded')))
);
comment on column webhook_deliveries.attempts is 'since tried_since; a person who has it resent begins anew';
create index webhook_deliveries_event on webhook_deliveries (event_no);
create index webhook_deliveries_pending on webhook_deliveries (destination_id, case_id, event_no)
  where state in ('waiting', 'dead');
create index webhook_deliveries_waiting on webhook_deliveries (destination_id, enqueued_at)
  where state = 'waiting';
create index webhook_deliveries_state on webhook_deliveries (destination_id, state, delivery_id);
create index webhook_deliveries_ended on webhook_deliveries (ended_at) where ended_at is not null;
create index webhook_deliveries_case on webhook_deliveries (case_id);

-- What waits of one case for one destination. Whoever holds the lease sends, so nothing overtakes.
create table webhook_lanes (
  destination_id bigint not null references webhook_destinations on delete cascade,
  case_id        bigint not null references cases,
  due_at         timestamptz,
  lease          uuid,
  primary key (destination_id, case_id)
) with (fillfactor = 70);
comment on column webhook_lanes.due_at is
  'when to send next; while somebody sends, when his lease ends; null: a dead letter is in the way';
create index webhook_lanes_due on webhook_lanes (destination_id, due_at) where due_at is not null;
create index webhook_lanes_case on webhook_lanes (case_id);

create table webhook_attempts (
  attempt_id  bigint generated always as identity primary key,
  delivery_id bigint not null references webhook_deliveries on delete cascade,
  at          timestamptz not null,
  outcome     text not null check (outcome in ('delivered', 'failed', 'given_up', 'gone')),
  status      smallint,
  error       text not null default '',
  excerpt     text not null default '' check (length(excerpt) <= 300),
  duration_s  double precision not null
);
create index webhook_attempts_delivery on webhook_attempts (delivery_id, attempt_id);

create function webhook_attempt_events(attempt webhook_attempts)
returns setof event_totals language sql immutable
begin atomic
  select
    'webhook.attempted', shanghai_day(attempt.at), '', '', attempt.outcome, '', 1::numeric;
end;
create trigger event_totals_insert after insert on webhook_attempts
  referencing new table as new_rows
  for each statement execute function keep_event_totals('webhook_attempt_events');
do $$
begin
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $names$
webhook.attempted     attempt                 outcome                attempts to deliver an event$names$);
end $$;

-- As `event_name` in gateway/http/case_events.py has it: a step that leads into closed is closing,
-- whatever it is called, and what happens to a case that is closed already is not.
create function case_event_name(step text, from_state text, to_state text)
returns text language sql immutable
return case
  when step = 'registered' then 'case.opened'
  when to_state = 'closed' and from_state is distinct from 'closed' then 'case.closed'
  else 'case.' || step
end;

create type webhook_event as (name text, subject text, case_id bigint, at timestamptz, data jsonb);
comment on type webhook_event is 'subject: what makes the id unique among events of that name';

-- Nothing is told of confidential cases. The row of a lane is locked even if it is there, so that
-- who finds it empty meanwhile does not remove it.
create function enqueue_webhooks(happened webhook_event[]) returns void language sql
begin atomic
  with fresh as (
    insert into webhook_events (event_id, name, case_id, at, body)
    select
      replace(h.name, '.', '_') || ':' || h.subject, h.name, h.case_id, h.at,
      json_build_object(
        'id', replace(h.name, '.', '_') || ':' || h.subject,
        'type', h.name,
        'timestamp', to_char(h.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
        'data', h.data
      )::text
    from unnest(happened) with ordinality
      as h (name, subject, case_id, at, data, position)
    join cases c using (case_id)
    where not c.confidential and exists (
      select from webhook_destinations d
      where d.active and (d.events = '{}' or h.name = any(d.events))
    )
    order by h.position
    returning event_no, name, case_id, at
  ), enqueued as (
    insert into webhook_deliveries (destination_id, event_no, case_id)
    select d.destination_id, f.event_no, f.case_id
    from fresh f
    join webhook_destinations d on d.active and (d.events = '{}' or f.name = any(d.events))
    order by d.destination_id, f.event_no
    returning destination_id, case_id, event_no
  )
  insert into webhook_lanes as lane (destination_id, case_id, due_at)
  select e.destination_id, e.case_id, min(f.at)
  from enqueued e join fresh f using (event_no)
  group by e.destination_id, e.case_id
  order by e.destination_id, e.case_id
  on conflict (destination_id, case_id) do update set due_at = lane.due_at;
end;

-- What every event tells of its case. No words, no names of people, no number.
create function webhook_case_data(c cases) returns jsonb language sql stable
return jsonb_build_object(
  'case_no', c.case_no,
  'call_id', c.call_id,
  'kind', c.kind,
  'category', (select k.code from categories k where k.category_id = c.category_id),
  'department', (select d.code from departments d where d.department_id = c.lead_id),
  'assisting', (
    select coalesce(jsonb_agg(d.code order by d.code), '[]')
    from case_departments p join departments d using (department_id)
    where p.case_id = c.case_id and p.part = 'assisting'
  )
);

-- Who stores what happened in another system long ago says so for his transaction.
create function is_history() returns boolean language sql stable
return coalesce(current_setting('hotline.history', true), '') = 'on';

-- What the clocks do by themselves (supervised by `system`) is told as case.overdue, as on the stream.
create function webhooks_of_steps() returns trigger language plpgsql as $$
begin
  if is_history() or not exists (select from webhook_destinations where active) then
    return null;
  end if;
  perform enqueue_webhooks(array(
    select row(
      case_event_name(h.step, h.from_state, h.to_state), c.case_no || ':' || h.version, h.case_id, h.at,
      webhook_case_data(c) || jsonb_build_object(
        'version', h.version, 'step', h.step, 'from_state', h.from_state, 'state', h.to_state,
        'days', h.days,
        'other_case', (
          select o.case_no from cases o where o.case_id = h.other_case and not o.confidential
        )
      )
    )::webhook_event
    from new_rows h join cases c using (case_id)
    where not c.confidential and not (h.step = 'supervised' and h.actor = 'system')
    order by h.history_id
  ));
  return null;
end $$;
create trigger webhooks_of_steps after insert on case_history
  referencing new table as new_rows
  for each statement execute function webhooks_of_steps();

create function webhooks_of_clocks() returns trigger language plpgsql as $$
begin
  if is_history() or not exists (select from webhook_destinations where active) then
    return null;
  end if;
  perform enqueue_webhooks(array(
    select row(
      'case.' || n.notice, n.clock_id || ':' || n.term, c.case_id, n.made_at,
      webhook_case_data(c) || jsonb_build_object(
        'state', c.state, 'clock', n.kind,
        'deadline', to_char(k.deadline at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      )
    )::webhook_event
    from new_rows n
    join case_clocks k using (clock_id)
    join cases c using (case_id)
    where not c.confidential
    order by n.clock_id
  ));
  return null;
end $$;
create trigger webhooks_of_clocks after insert on case_clock_notices
  referencing new table as new_rows
  for each statement execute function webhooks_of_clocks();

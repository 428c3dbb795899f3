-- Running totals of everything else that is counted, one row per day and thing counted. For each
-- table a function says what a row of it adds; one trigger function does the sums.

create table event_totals (
  name    text not null,
  day     date not null,
  queue   text not null default '',
  line    text not null default '',
  subject text not null default '',
  detail  text not null default '',
  amount  numeric not null,
  primary key (name, day, queue, line, subject, detail)
) with (fillfactor = 50);
comment on table event_totals is
$$name                  day of     queue  line  subject        detail  amount
call.abandoned        arrival    queue  line  seconds begun          calls given up while waiting, within 60 s
seat.time             the time                state                  seconds of ended intervals
rating.given          answer     queue        scale          answer  ratings
case.opened           opening                 kind                   cases
case.opened_from_call opening                 kind                   cases
case.answered_at_once opening                 kind                   cases from calls, closed by the agent himself
case.closed           closing                 kind                   cases
survey.claimed        claim                   questionnaire          attempts
survey.ended          end                     questionnaire  outcome attempts
survey.answered       answer                  question       answer  answers$$;

-- By whole seconds begun since queue entry, because the limit of a short abandon is a setting.
create function call_events(call calls) returns setof event_totals language sql immutable
begin atomic
  select
    'call.abandoned', shanghai_day(call.arrived_at), coalesce(call.queue, ''), call.line,
    ceil(call.wait_s)::int::text, '', 1::numeric
  where call.outcome in ('abandoned_queue', 'abandoned_ringing') and call.wait_s <= 60;
end;

-- Cut at midnight: each day gets its part.
create function seat_interval_events(seat seat_intervals)
returns setof event_totals language sql immutable
begin atomic
  select 'seat.time', day::date, '', '', seat.state, '', seconds
  from generate_series(
    shanghai_day(seat.started_at)::timestamp, shanghai_day(seat.ended_at)::timestamp, '1 day'
  ) day
  cross join lateral (
    select extract(epoch from
      least(seat.ended_at, (day + interval '1 day') at time zone 'Asia/Shanghai')
      - greatest(seat.started_at, day at time zone 'Asia/Shanghai')
    ) as seconds
  ) part
  where seconds > 0;
end;

create function rating_events(rating ratings) returns setof event_totals language sql immutable
begin atomic
  select
    'rating.given', shanghai_day(rating.given_at), coalesce(rating.queue, ''), '',
    rating.scale, rating.answer, 1::numeric;
end;

create function case_events(c cases) returns setof event_totals language sql immutable
begin atomic
  select name, shanghai_day(at), '', '', c.kind, '', 1::numeric
  from (values
    ('case.opened', c.opened_at, true),
    ('case.opened_from_call', c.opened_at, c.call_id is not null),
    ('case.answered_at_once', c.opened_at, c.call_id is not null and c.answered_at_once),
    ('case.closed', c.closed_at, c.closed_at is not null)
  ) counted (name, at, applies)
  where applies;
end;

create function survey_attempt_events(attempt survey_attempts)
returns setof event_totals language sql immutable
begin atomic
  select name, shanghai_day(at), '', '', attempt.questionnaire, detail, 1::numeric
  from (values
    ('survey.claimed', attempt.claimed_at, ''),
    ('survey.ended', attempt.ended_at, attempt.outcome)
  ) counted (name, at, detail)
  where at is not null;
end;

create function survey_answer_events(answer survey_answers)
returns setof event_totals language sql immutable
begin atomic
  select
    'survey.answered', shanghai_day(answer.answered_at), '', '', answer.question,
    answer.answer, 1::numeric;
end;

-- The trigger's argument names the function that says what a row adds.
create function keep_event_totals() returns trigger language plpgsql as $$
declare
  from_new constant text := format('select s from new_rows r, %I(r) s', tg_argv[0]);
  from_old constant text := format('select s from old_rows r, %I(r) s', tg_argv[0]);
  added event_totals[] := '{}';
  removed event_totals[] := '{}';
begin
  if tg_op = 'INSERT' then
    execute format('select array(%s)', from_new) into added;
  elsif tg_op = 'DELETE' then
    execute format('select array(%s)', from_old) into removed;
  else
    execute format('select array(%s except all %s)', from_new, from_old) into added;
    execute format('select array(%s except all %s)', from_old, from_new) into removed;
  end if;
  -- In the order of the key, so that two writers wait for each other.
  insert into event_totals as known
  select name, day, queue, line, subject, detail, sum(sign * amount)
  from (
    select 1 as sign, a.* from unnest(added) a
    union all
    select -1, r.* from unnest(removed) r
  ) changes
  group by name, day, queue, line, subject, detail
  having sum(sign * amount) <> 0
  order by name, day, queue, line, subject, detail
  on conflict (name, day, queue, line, subject, detail) do update
    set amount = known.amount + excluded.amount;
  return null;
end $$;

do $$
declare
  counted text[];
begin
  foreach counted slice 1 in array array[
    ['calls', 'call_events'], ['seat_intervals', 'seat_interval_events'],
    ['ratings', 'rating_events'], ['cases', 'case_events'],
    ['survey_attempts', 'survey_attempt_events'], ['survey_answers', 'survey_answer_events']
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
end $$;

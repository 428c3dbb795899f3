-- name: lock_caller(switchboard, number)!
-- Whatever is done to a caller's tasks and attempts is done by one at a time.
select pg_advisory_xact_lock(74566, hashtext(:switchboard || ' ' || :number));

-- name: unmark_idle_callers(switchboard, since)!
-- Most callers get through: nothing is to be settled for a number without a failed call or a task.
-- A call that fails later brings a mark of its own.
delete from ringback_marks mark
where switchboard = :switchboard
  and not exists (
    select from calls call
    where call.call_id = mark.call_id and call.ended_at is not null
      and (call.answered_at is null or call.outcome = 'switch_restart')
      and call.outcome <> 'self_served'
  )
  and not exists (
    select from calls call
    where call.caller = any (caller_spellings(mark.number)) and call.caller <> ''
      and call.switchboard = mark.switchboard and call.ended_at >= :since
      and (call.answered_at is null or call.outcome = 'switch_restart')
      and call.outcome <> 'self_served'
  )
  and not exists (
    select from ringback_tasks task
    where task.switchboard = mark.switchboard and task.number = mark.number
      and (task.closed_at is null or task.closed_at >= :since)
  )
  and not exists (select from ringback_calls failed where failed.call_id = mark.call_id);

-- name: waiting_callers(switchboard, now, limit)
-- Callers to be looked at: one of their calls changed, or their task has expired.
select number from (
  select number, min(mark_id) as place from ringback_marks
  where switchboard = :switchboard group by number
  union all
  select number, 0 from ringback_tasks
  where switchboard = :switchboard and state = 'open' and expires_at <= :now
) waiting
group by number order by min(place) limit :limit;

-- name: is_own_line(number)$
-- Nobody calls from a number of the hotline's own.
select exists (select from lines where number = :number);

-- name: marks_of(switchboard, number)
select mark_id, call_id from ringback_marks
where switchboard = :switchboard and number = :number;

-- name: delete_marks(mark_ids)!
delete from ringback_marks where mark_id = any (:mark_ids::bigint[]);

-- name: window_start(switchboard, number, since)$
-- Before this the caller's tasks are settled for good.
select least(:since::timestamptz, min(first_missed_at)) from ringback_tasks
where switchboard = :switchboard and number = :number
  and (closed_at is null or closed_at >= :since::timestamptz);

-- name: calls_of(switchboard, number, since)
-- Calls of a number, however it was spelt, that were answered or ended since.
select
  call_id, caller_number(caller) as number, line, offered_at is not null as offered,
  answered_at, ended_at, outcome, wait_s
from calls
where caller = any (caller_spellings(:number)) and caller <> '' and switchboard = :switchboard
  and coalesce(ended_at, answered_at) >= :since;

-- name: calls_by_id(call_ids)
select
  call_id, caller_number(caller) as number, line, offered_at is not null as offered,
  answered_at, ended_at, outcome, wait_s
from calls where call_id = any (:call_ids::text[]);

-- name: tries_of(switchboard, number, since)
select attempt_id, agent, claimed_at, ended_at, outcome from ringback_attempts
where switchboard = :switchboard and number = :number
  and coalesce(ended_at, 'infinity') >= :since;

-- name: drops_of(switchboard, number, since)
select at from ringback_drops
where switchboard = :switchboard and number = :number and at >= :since;

-- name: tasks_of(switchboard, number, since)
-- The tasks that can still change, each with its missed calls.
select task.*, array(
  select call_id from ringback_calls missed where missed.task_id = task.task_id
) as call_ids
from ringback_tasks task
where switchboard = :switchboard and number = :number
  and (closed_at is null or closed_at >= :since);

-- name: add_task(switchboard, number, line, state, reason, missed_calls, first_missed_at, last_missed_at, last_call_id, attempts, due_at, expires_at, agent, closed_at, version, happened)$
insert into ringback_tasks (
  switchboard, number, line, state, reason, missed_calls, first_missed_at, last_missed_at,
  last_call_id, attempts, due_at, expires_at, agent, closed_at, version, happened
) values (
  :switchboard, :number, :line, :state, :reason, :missed_calls, :first_missed_at, :last_missed_at,
  :last_call_id, :attempts, :due_at, :expires_at, :agent, :closed_at, :version, :happened
) returning task_id;

-- name: change_task(task_id, line, state, reason, missed_calls, first_missed_at, last_missed_at, last_call_id, attempts, due_at, expires_at, agent, closed_at, version, happened)!
update ringback_tasks set
  line = :line, state = :state, reason = :reason, missed_calls = :missed_calls,
  first_missed_at = :first_missed_at, last_missed_at = :last_missed_at,
  last_call_id = :last_call_id, attempts = :attempts, due_at = :due_at, expires_at = :expires_at,
  agent = :agent, closed_at = :closed_at, version = :version, happened = :happened
where task_id = :task_id;

-- name: judge_calls(switchboard, judged)!
insert into ringback_calls as known (
  call_id, switchboard, number, verdict, line, missed_at, task_id
)
select call_id, :switchboard, number, verdict, line, missed_at, task_id
from jsonb_to_recordset(:judged::jsonb) as judged (
  call_id text, number text, verdict text, line text, missed_at timestamptz, task_id bigint
)
order by call_id
on conflict (call_id) do update set
  number = excluded.number, verdict = excluded.verdict, line = excluded.line,
  missed_at = excluded.missed_at, task_id = excluded.task_id
where (known.number, known.verdict, known.line, known.missed_at, known.task_id)
  is distinct from
  (excluded.number, excluded.verdict, excluded.line, excluded.missed_at, excluded.task_id);

-- name: unjudge_calls(number, call_ids)!
-- These did not fail after all.
delete from ringback_calls where number = :number and call_id = any (:call_ids::text[]);

-- name: claim(attempt_id, task_id, switchboard, number, agent, now)^
-- One row, or none: a live attempt for the number, or of the agent.
insert into ringback_attempts (
  attempt_id, task_id, switchboard, number, agent, state, claimed_at
) values (:attempt_id, :task_id, :switchboard, :number, :agent, 'claimed', :now)
on conflict do nothing
returning *;

-- name: mark_dialling(attempt_id, now)^
-- From here on the citizen's telephone may ring.
update ringback_attempts set state = 'dialling', dialled_at = greatest(:now, claimed_at)
where attempt_id = :attempt_id and state = 'claimed'
returning *;

-- name: end_attempt(attempt_id, outcome, now)^
-- Once only; the first outcome stands.
update ringback_attempts set
  state = 'ended', outcome = :outcome,
  ended_at = greatest(:now, claimed_at + interval '1 microsecond', dialled_at)
where attempt_id = :attempt_id and state <> 'ended'
returning *;

-- name: find_attempt(attempt_id)^
select * from ringback_attempts where attempt_id = :attempt_id;

-- name: live_attempts(switchboard)
-- Attempts that have not ended; `wanted` while their caller's task is in hand.
select attempt.*, exists (
  select from ringback_tasks task
  where task.switchboard = attempt.switchboard and task.number = attempt.number
    and task.state = 'in_hand'
) as wanted
from ringback_attempts attempt
where switchboard = :switchboard and state <> 'ended'
order by claimed_at, attempt_id;

-- name: spellings(number)$
select caller_spellings(:number);

-- name: add_drop(task_id, switchboard, number, at, now, by, reason)!
insert into ringback_drops (task_id, switchboard, number, at, decided_at, decided_by, reason)
values (:task_id, :switchboard, :number, :at, :now, :by, :reason);

-- name: find_task(task_id)^
select * from ringback_tasks where task_id = :task_id;

-- name: live_tasks(switchboard, limit)
-- Whom to call back, who may be called first; of one switchboard, if given.
select * from ringback_tasks
where state in ('open', 'in_hand') and switchboard = coalesce(:switchboard, switchboard)
order by due_at, task_id limit :limit;

-- name: closed_tasks(switchboard, before, limit)
-- Tasks that are over, newest first; of one switchboard, if given.
select * from ringback_tasks
where closed_at < coalesce(:before, 'infinity'::timestamptz)
  and switchboard = coalesce(:switchboard, switchboard)
order by closed_at desc, task_id desc limit :limit;

-- name: attempts_of_task(task_id)
select * from ringback_attempts where task_id = :task_id order by claimed_at;

-- name: drops_of_task(task_id)
select decided_at, decided_by, reason from ringback_drops
where task_id = :task_id order by drop_id;

-- name: rings_back(call_id, switchboard, agent)$
-- Whether the agent speaks, or spoke, with the caller of a call that was missed.
select exists (
  select from ringback_calls missed
  join ringback_attempts attempt using (task_id)
  where missed.call_id = :call_id
    and attempt.switchboard = :switchboard and attempt.agent = :agent
    and coalesce(attempt.outcome, 'answered') = 'answered'
);

-- name: untold_tasks(switchboard, limit)
-- Tasks whose newest change was not published yet.
select * from ringback_tasks
where switchboard = :switchboard and version > told_version
order by task_id limit :limit;

-- name: mark_told(task_id, version)!
update ringback_tasks set told_version = :version
where task_id = :task_id and told_version < :version;

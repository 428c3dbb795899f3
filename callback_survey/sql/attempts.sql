-- name: claim(attempt_id, case_id, switchboard, number, questionnaire, max_attempts, final, free, now)^
-- One row, or none: a live attempt for the case or the number (unique indexes), one that settled
-- the matter, or all attempts used up. Concurrent claims wait here for each other.
insert into survey_attempts
  (attempt_id, case_id, switchboard, number, questionnaire, attempt_no, state, claimed_at)
select :attempt_id, :case_id, :switchboard, :number, :questionnaire,
       coalesce(max(attempt_no), 0) + 1, 'claimed', :now
from survey_attempts
where case_id = :case_id
having count(*) filter (where outcome <> all (:free::text[])) < :max_attempts::integer
   and count(*) filter (where outcome = any (:final::text[])) = 0
on conflict do nothing
returning *;

-- name: mark_dialling(attempt_id, now)^
-- Before Originate is sent: from here on the citizen's telephone may ring.
update survey_attempts set state = 'dialling', dialled_at = :now
where attempt_id = :attempt_id and state = 'claimed'
returning *;

-- name: mark_answered(attempt_id, now)^
-- Once only: a second survey session for the same attempt gets nothing.
update survey_attempts set state = 'in_survey', answered_at = :now
where attempt_id = :attempt_id and state = 'dialling'
returning *;

-- name: lock_in_survey(attempt_id)^
-- Keeps the attempt from being ended while an answer is stored.
select * from survey_attempts where attempt_id = :attempt_id and state = 'in_survey' for share;

-- name: record_answer(attempt_id, question, answer, now)!
-- The first answer to a question stands.
insert into survey_answers (attempt_id, question, answer, answered_at)
values (:attempt_id, :question, :answer, :now)
on conflict do nothing;

-- name: end_attempt(attempt_id, outcome, now)^
-- Once only; the first outcome stands.
update survey_attempts set state = 'ended', outcome = :outcome, ended_at = :now
where attempt_id = :attempt_id and state <> 'ended'
returning *;

-- name: lock_live(attempt_id)^
-- The attempt, unless it has ended, held for the rest of the transaction.
select * from survey_attempts where attempt_id = :attempt_id and state <> 'ended' for update;

-- name: lock_attempt(attempt_id)^
-- The attempt, held for the rest of the transaction.
select * from survey_attempts where attempt_id = :attempt_id for update;

-- name: judge_anew(attempt_id, outcome)!
-- An ended survey of which more became known.
update survey_attempts set outcome = :outcome
where attempt_id = :attempt_id and state = 'ended' and outcome in ('no_input', 'incomplete');

-- name: count_answers(attempt_id)$
-- Questions answered in an attempt.
select count(*) from survey_answers where attempt_id = :attempt_id;

-- name: find_attempt(attempt_id)^
-- An attempt by its id.
select * from survey_attempts where attempt_id = :attempt_id;

-- name: live_attempts(switchboard)
-- Attempts that have not ended, the oldest first.
select * from survey_attempts where switchboard = :switchboard and state <> 'ended'
order by claimed_at, attempt_id;

-- name: stale_attempts(switchboard, before)
-- Attempts that have not got on since a time: their outcome is unknown.
select * from survey_attempts
where switchboard = :switchboard and state <> 'ended'
  and coalesce(answered_at, dialled_at, claimed_at) < :before
order by claimed_at, attempt_id;

-- name: attempts_of_case(case_id)
-- All attempts of a case in order.
select * from survey_attempts where case_id = :case_id order by attempt_no;

-- name: live_attempt_of_number(number)^
-- The attempt that occupies a number.
select * from survey_attempts where number = :number and state <> 'ended';

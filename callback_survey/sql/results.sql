-- name: answers_of_case(case_id)
-- Every answer of a case with its attempt.
select attempt_id, question, answer
from survey_answers join survey_attempts using (attempt_id)
where case_id = :case_id
order by attempt_no, survey_answers.answered_at, question;

-- name: count_outcomes(since, until)
-- Ended attempts by questionnaire and outcome in a half-open span of time.
select questionnaire, outcome, count(*) as count
from survey_attempts
where state = 'ended'
  and (:since::timestamptz is null or ended_at >= :since)
  and (:until::timestamptz is null or ended_at < :until)
group by questionnaire, outcome;

-- name: count_live()$
-- Attempts that have not ended.
select count(*) from survey_attempts where state <> 'ended';

-- name: count_answers(since, until)
-- Answers by questionnaire, question and answer in a half-open span of time.
select questionnaire, question, answer, count(*) as count
from survey_answers join survey_attempts using (attempt_id)
where (:since::timestamptz is null or survey_answers.answered_at >= :since)
  and (:until::timestamptz is null or survey_answers.answered_at < :until)
group by questionnaire, question, answer;

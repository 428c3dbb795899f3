-- name: answers_of_case(case_id)
-- Every answer of a case with its attempt.
select attempt_id, question, answer
from survey_answers join survey_attempts using (attempt_id)
where case_id = :case_id
order by attempt_no, survey_answers.answered_at, question;

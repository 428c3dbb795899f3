-- name: dissatisfied_cases(since, until)
-- Cases whose citizen was not satisfied, or said that nothing was solved.
select c.case_id from ratings r join cases c using (call_id)
where r.answer = 'dissatisfied' and r.given_at >= :since and r.given_at < :until
union
select a.case_id from survey_answers s join survey_attempts a using (attempt_id)
where s.answered_at >= :since and s.answered_at < :until
  and ((s.question = 'satisfied' and s.answer = 'dissatisfied')
    or (s.question = 'solved' and s.answer = 'no'));

-- name: dissatisfied_cases(since, until)
-- Cases whose citizen was not satisfied, or said that nothing was solved: said in this time, or left
-- out of satisfaction before and counted again in it. What is left out (figure_exclusions) is no ground.
with given as (
  select 'rating' as what, r.call_id as of_id, r.scale as subject, r.answer, c.case_id
  from ratings r join cases c using (call_id)
  where r.given_at >= :since and r.given_at < :until
  union all
  select 'answer', s.attempt_id, s.question, s.answer, a.case_id
  from survey_answers s join survey_attempts a using (attempt_id)
  where s.answered_at >= :since and s.answered_at < :until
  union all
  select what, of_id, subject, answer, case_id
  from figure_exclusions
  where counted_again_at >= :since and counted_again_at < :until and given_at < :until
)
select distinct g.case_id from given g
where g.case_id is not null
  and ((g.answer = 'dissatisfied' and (g.what = 'rating' or g.subject = 'satisfied'))
    or (g.answer = 'no' and g.subject = 'solved'))
  and not exists (
    select from figure_exclusions x
    where x.what = g.what and x.of_id = g.of_id and x.subject = g.subject
      and x.counted_again_at is null
  );

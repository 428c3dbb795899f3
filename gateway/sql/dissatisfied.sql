-- name: dissatisfied_cases(since, until)
-- Cases of which a citizen was not satisfied, as far as that counts: said in this time, or left out of
-- satisfaction before and counted again in it.
select case_id from counted_dissatisfaction where given_at >= :since and given_at < :until
union
select d.case_id
from figure_exclusions x join counted_dissatisfaction d using (what, of_id, subject)
where x.counted_again_at >= :since and x.counted_again_at < :until and d.given_at < :until;

-- name: discounted_cases(list_id)
-- Cases that are on a list because a citizen was not satisfied, of which nothing such counts any more.
select i.case_id from supervision_items i
where i.list_id = :list_id and 'dissatisfied' = any(i.grounds)
  and not exists (select from counted_dissatisfaction d where d.case_id = i.case_id);

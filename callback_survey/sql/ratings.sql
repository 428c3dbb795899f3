-- name: store_rating(call_id, agent, queue, scale, answer, now)!
-- The first answer of a call stands.
insert into ratings (call_id, agent, queue, scale, answer, given_at)
values (:call_id, :agent, :queue, :scale, :answer, :now)
on conflict do nothing;

-- name: rating_of_call(call_id)^
-- The rating of a call.
select * from ratings where call_id = :call_id;

-- name: count_ratings(since, until)
-- Ratings by scale and answer in a half-open span of time; null leaves an end open.
select scale, answer, count(*) as count
from ratings
where (:since::timestamptz is null or given_at >= :since)
  and (:until::timestamptz is null or given_at < :until)
group by scale, answer
order by scale, answer;

-- name: store_rating(call_id, agent, queue, scale, answer, now)!
-- The first answer of a call stands.
insert into ratings (call_id, agent, queue, scale, answer, given_at)
values (:call_id, :agent, :queue, :scale, :answer, :now)
on conflict do nothing;

-- name: rating_of_call(call_id)^
-- The rating of a call.
select * from ratings where call_id = :call_id;

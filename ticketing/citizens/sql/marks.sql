-- name: calls_of_number(caller, call_ids)
-- Which of these calls are of this number, however it was sent.
select call_id from calls
where call_id = any(:call_ids::text[]) and caller_number(caller) = caller_number(:caller);

-- name: mark_in_force(caller, now)$
select mark_id from nuisance_marks
where number = caller_number(:caller) and state = 'approved' and ends_at > :now limit 1;

-- name: insert_mark(caller, kind, reason, actor, now)$
-- Nothing where one of the number waits for its decision.
insert into nuisance_marks (number, kind, reason, state, proposed_by, proposed_at)
values (caller_number(:caller), :kind, :reason, 'proposed', :actor, :now)
on conflict (number) where state = 'proposed' do nothing
returning mark_id;

-- name: insert_evidence(mark_id, call_ids)!
insert into nuisance_calls (mark_id, call_id) select :mark_id, unnest(:call_ids::text[]);

-- name: lock_mark(mark_id)^
select m.*, (
  select coalesce(array_agg(call_id order by call_id), '{}') from nuisance_calls e
  where e.mark_id = m.mark_id
) as call_ids
from nuisance_marks m where m.mark_id = :mark_id for update of m;

-- name: decide(mark_id, state, actor, now, decision, ends_at)!
update nuisance_marks set state = :state, decided_by = :actor, decided_at = :now,
  decision = :decision, ends_at = :ends_at
where mark_id = :mark_id;

-- name: lift(mark_id, actor, now, reason, mistaken)!
update nuisance_marks set state = 'lifted', lifted_by = :actor, ends_at = :now,
  lift_reason = :reason, mistaken = :mistaken
where mark_id = :mark_id;

-- name: newest_mark(caller, now)^
-- The mark of a number that somebody who speaks with it should know of: in force, or proposed.
select m.*, '{}'::text[] as call_ids from nuisance_marks m
where m.number = caller_number(:caller)
  and (m.state = 'proposed' or (m.state = 'approved' and m.ends_at > :now))
order by m.state, m.mark_id desc limit 1;

-- name: proposed_marks(before, limit)
select m.*, (
  select array_agg(call_id order by call_id) from nuisance_calls e where e.mark_id = m.mark_id
) as call_ids
from nuisance_marks m
where m.state = 'proposed' and (:before::bigint is null or m.mark_id < :before)
order by m.mark_id desc limit :limit;

-- name: marks_in_force(before, limit, now)
select m.*, (
  select array_agg(call_id order by call_id) from nuisance_calls e where e.mark_id = m.mark_id
) as call_ids
from nuisance_marks m
where m.state = 'approved' and m.ends_at > :now and (:before::bigint is null or m.mark_id < :before)
order by m.mark_id desc limit :limit;

-- name: ended_marks(before, limit, now)
select m.*, (
  select array_agg(call_id order by call_id) from nuisance_calls e where e.mark_id = m.mark_id
) as call_ids
from nuisance_marks m
where (m.state in ('refused', 'lifted') or (m.state = 'approved' and m.ends_at <= :now))
  and (:before::bigint is null or m.mark_id < :before)
order by m.mark_id desc limit :limit;

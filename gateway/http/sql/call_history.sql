-- name: calls_before(switchboard, agent, before, limit, line, mode, district)
-- Newest calls that arrived before a time; of one agent, line, mode, district where that is given.
select * from calls
where (:before::timestamptz is null or arrived_at < :before)
  and (:agent::text is null
       or (switchboard = :switchboard::text
           and agents @> jsonb_build_array(jsonb_build_object('agent', :agent::text))))
  and (:line::text is null or line = :line::text)
  and (:mode::text is null or coalesce(line_mode, 'undefined') = :mode::text)
  and (:district::text is null or district = :district::text)
order by arrived_at desc, call_id desc
limit :limit;

-- name: call_by_id(call_id)^
select * from calls where call_id = :call_id;

-- name: earlier_calls_of(caller, call_id, limit)
-- Newest calls of a number, however it was sent, apart from the call itself.
select n.* from unnest(caller_spellings(caller_number(:caller))) as s (spelling)
cross join lateral (
  select * from calls where caller = s.spelling and caller <> '' and call_id <> :call_id
  order by arrived_at desc, call_id desc limit :limit
) n
order by n.arrived_at desc, n.call_id desc
limit :limit;

-- name: calls_by_ids(call_ids)
select * from calls where call_id = any(:call_ids::text[]);

-- name: count_calls_of(caller, call_id, since)$
select count(*) from calls
where caller = any (caller_spellings(caller_number(:caller))) and caller <> ''
  and call_id <> :call_id and arrived_at >= :since;

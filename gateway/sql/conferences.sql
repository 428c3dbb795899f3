-- name: add_consultation(call_id, at, agent, number)!
insert into call_consultations (call_id, at, agent, number)
values (:call_id, :at, :agent, :number) on conflict (call_id, at) do nothing;

-- name: add_conference(call_id, at, agent)!
-- Two gateways that heard it may name the event differently; its moment is the switchboard's.
insert into call_conferences (call_id, at, agent)
values (:call_id, :at, :agent) on conflict (call_id, at) do nothing;

-- name: conferences_of(call_id, late_s)
-- With whom: the last one called before, on a clock that may be :late_s behind.
select f.at, coalesce(nullif(f.agent, ''), n.agent, '') as agent, n.number
from call_conferences f
left join lateral (
  select c.agent, c.number from call_consultations c
  where c.call_id = f.call_id and c.at <= f.at + make_interval(secs => :late_s)
    and f.agent in ('', c.agent)
  order by c.at desc limit 1
) n on true
where f.call_id = :call_id order by f.at;

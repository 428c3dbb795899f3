-- name: recent_lists(since)
select kind, first_day from supervision_lists where first_day >= :since;

-- name: last_day_list(before)$
select max(as_of) from supervision_lists where kind = 'day' and as_of < :before;

-- name: moments_between(first_day, last_day)^
-- What the first and the last list of these days are about.
select min(as_of) as first, max(as_of) as last from supervision_lists
where kind = 'day' and first_day between :first_day and :last_day;

-- name: insert_list(kind, first_day, last_day, made_at, as_of)$
-- Nothing is returned when somebody else has made it.
insert into supervision_lists (kind, first_day, last_day, made_at, as_of)
values (:kind, :first_day, :last_day, :made_at, :as_of)
on conflict (kind, first_day) do nothing
returning list_id;

-- name: open_cases(after, limit)
select case_id from cases
where state not in ('closed', 'withdrawn', 'merged') and case_id > :after
order by case_id limit :limit;

-- name: ended_since(at)
select distinct case_id from case_history
where at > :at and to_state in ('closed', 'withdrawn', 'merged');

-- name: facts(case_ids, at, clock_ids, deadlines, yellows, pauses)
-- What the table of grounds looks at, as it was at :at. The clocks that are given stood otherwise then
-- than they do now. An extension is asked for while the lead department works on and nobody decided.
select c.case_id, h.version, s.to_state as state, s.to_department as department_id,
  coalesce(h.asked > h.settled, false) as extension_asked,
  k.deadline, coalesce(k.red, false) as red, coalesce(k.yellow, false) as yellow,
  coalesce(k.unsigned, false) as unsigned, k.urgency,
  h.returns, h.rehandled, h.supervised
from unnest(:case_ids::bigint[]) as c (case_id)
cross join lateral (
  select max(h.version) as version,
    count(*) filter (where h.step = 'return_asked') as returns,
    count(*) filter (where h.step = 'reopened') as rehandled,
    count(*) filter (where h.step = 'supervised') as supervised,
    max(h.version) filter (where h.step = 'extension_asked') as asked,
    coalesce(max(h.version) filter (
      where h.step in ('extension_granted', 'extension_refused')
        or h.to_state not in ('accepted', 'handling')
    ), 0) as settled
  from case_history h where h.case_id = c.case_id and h.at <= :at
) h
join case_history s on s.case_id = c.case_id and s.version = h.version
cross join lateral (
  select min(r.deadline) filter (where not r.paused) as deadline,
    bool_or(not r.paused and r.deadline <= :at) as red,
    bool_or(not r.paused and r.yellow_from <= :at) as yellow,
    bool_or(r.kind = 'signing') as unsigned,
    min(r.urgency) as urgency
  from (
    select k.kind, u.urgency,
      case when t.clock_id is null then k.deadline else t.deadline end as deadline,
      case when t.clock_id is null then k.yellow_from else t.yellow_from end as yellow_from,
      case when t.clock_id is null then k.paused_at is not null else t.paused end as paused
    from case_clocks k
    join clock_rules u using (rule_id)
    left join unnest(
      :clock_ids::bigint[], :deadlines::timestamptz[], :yellows::timestamptz[], :pauses::boolean[]
    ) as t (clock_id, deadline, yellow_from, paused) using (clock_id)
    where k.case_id = c.case_id
      and k.started_at <= :at and (k.stopped_at is null or k.stopped_at > :at)
  ) r
) k
order by c.case_id;

-- name: listed_between(first_day, last_day)
-- Cases of the lists of these days, with every ground they had on one of them.
select i.case_id, array_agg(distinct g.ground) as grounds, count(distinct i.list_id) as days
from supervision_lists l
join supervision_items i using (list_id)
cross join unnest(i.grounds) as g (ground)
where l.kind = 'day' and l.first_day between :first_day and :last_day
group by i.case_id;

-- name: insert_items(list_id, case_id, place, case_version, state, department_id, deadline, grounds, days)*!
insert into supervision_items (
  list_id, case_id, place, case_version, state, department_id, deadline, grounds, days
) values (
  :list_id, :case_id, :place, :case_version, :state, :department_id, :deadline, :grounds, :days
);

-- name: lists(kind, before, limit)
select l.*, coalesce(i.items, 0) as items, coalesce(s.signed, 0) as signed
from supervision_lists l
left join lateral (
  select count(*) as items from supervision_items i where i.list_id = l.list_id
) i on true
left join lateral (
  select count(*) as signed from supervision_instructions s where s.list_id = l.list_id
) s on true
where (:kind::text is null or l.kind = :kind) and l.first_day < :before
order by l.first_day desc, l.kind limit :limit;

-- name: list_by_id(list_id)^
select l.*,
  (select count(*) from supervision_items i where i.list_id = l.list_id) as items,
  (select count(*) from supervision_instructions s where s.list_id = l.list_id) as signed
from supervision_lists l where l.list_id = :list_id;

-- name: grounds_of_list(list_id)
select g.ground, count(*) as cases from supervision_items i cross join unnest(i.grounds) as g (ground)
where i.list_id = :list_id group by g.ground;

-- name: departments_of_list(list_id, discounted)
-- Cases of each department: all, those that are open still, and those with some of the grounds.
select d.code, d.name, count(*) as items, count(s.case_id) as signed,
  count(*) filter (where c.state not in ('closed', 'withdrawn', 'merged')) as open,
  count(*) filter (where 'overdue' = any(i.grounds)) as overdue,
  count(*) filter (
    where 'dissatisfied' = any(i.grounds) and i.case_id <> all(:discounted::bigint[])
  ) as dissatisfied,
  count(*) filter (where 'returned_repeatedly' = any(i.grounds)) as returned_repeatedly,
  count(*) filter (where 'rehandled' = any(i.grounds)) as rehandled
from supervision_items i
join cases c using (case_id)
left join departments d on d.department_id = i.department_id
left join supervision_instructions s using (list_id, case_id)
where i.list_id = :list_id
group by d.code, d.name
order by overdue desc, items desc, d.code nulls first;

-- name: items(list_id, after, department, ground, unsigned, limit)
select i.place, i.case_version, i.state as state_then, i.deadline, i.grounds, i.days,
  c.case_no, c.title, c.kind, c.confidential, c.state, c.version,
  t.code as then_code, t.name as then_name, n.code as lead_code, n.name as lead_name,
  s.at as signed_at, s.actor as signed_by, s.step as signed_step, s.words
from supervision_items i
join cases c using (case_id)
left join departments t on t.department_id = i.department_id
left join departments n on n.department_id = c.lead_id
left join supervision_instructions s using (list_id, case_id)
where i.list_id = :list_id and i.place > :after
  and (:department::text is null or t.code = :department)
  and (:ground::text is null or :ground = any(i.grounds))
  and (not :unsigned or s.case_id is null)
order by i.place limit :limit;

-- name: item_of_case(list_id, case_no)^
select i.case_id, s.actor as signed_by
from supervision_items i join cases c using (case_id)
left join supervision_instructions s using (list_id, case_id)
where i.list_id = :list_id and c.case_no = :case_no;

-- name: insert_instruction(list_id, case_id, at, actor, step, words)$
-- Nothing is returned when somebody else has signed it.
insert into supervision_instructions (list_id, case_id, at, actor, step, words)
values (:list_id, :case_id, :at, :actor, :step, :words)
on conflict do nothing
returning case_id;

-- Confidential cases are in none of these: whoever sees a warning may see every case of it.

-- name: try_turn(key)$
-- One worker looks at a time; the lock is let go with the transaction.
select pg_try_advisory_xact_lock(:key);

-- name: counts_of_window(since)
select c.category_id, k.parent_id, count(*) as cases
from cases c left join categories k using (category_id)
where c.opened_at > :since and not c.confidential
group by c.category_id, k.parent_id;

-- name: cases_of_window(since, limit)
select c.case_id, c.title, c.address, c.category_id from cases c
where c.opened_at > :since and not c.confidential
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: open_surges()
select s.surge_id, s.level, s.window_minutes, s.category_id, s.seen_at,
  s.peak_cases, s.peak_total, s.peak_at,
  coalesce((select array_agg(case_id) from surge_cases m where m.surge_id = s.surge_id), '{}') as members
from surges s where s.ended_at is null order by s.surge_id for update;

-- name: insert_surge(level, window_minutes, category_id, place, words, at, cases, total)$
insert into surges (
  level, window_minutes, category_id, place, words, started_at, seen_at, cases, total, peak_cases,
  peak_total, peak_at
) values (
  :level, :window_minutes, :category_id, :place, :words, :at, :at, :cases, :total, :cases, :total, :at
) returning surge_id;

-- name: update_surge(surge_id, category_id, words, at, cases, total, peak_cases, peak_total, peak_at)!
update surges set
  category_id = :category_id, words = :words, seen_at = :at, cases = :cases, total = :total,
  peak_cases = :peak_cases, peak_total = :peak_total, peak_at = :peak_at
where surge_id = :surge_id;

-- name: end_surges(surge_ids)!
-- It was over when it was found for the last time.
update surges set ended_at = seen_at where surge_id = any(:surge_ids::bigint[]);

-- name: add_members(surge_id, case_ids)!
insert into surge_cases (surge_id, case_id)
select :surge_id, case_id from unnest(:case_ids::bigint[]) as member (case_id)
on conflict do nothing;

-- name: surges_by_ids(surge_ids, cases)
-- Of a cluster with its newest cases, as many as `cases`.
select s.*, k.code as category_code, k.name as category_name, m.numbers, m.titles
from surges s left join categories k using (category_id)
cross join lateral (
  select coalesce(array_agg(case_no), '{}') as numbers, coalesce(array_agg(title), '{}') as titles
  from (
    select c.case_no, c.title from surge_cases m join cases c using (case_id)
    where m.surge_id = s.surge_id and not c.confidential
    order by c.opened_at desc, c.case_id desc limit :cases
  ) newest
) m
where s.surge_id = any(:surge_ids::bigint[])
order by s.started_at desc, s.surge_id desc;

-- name: open_ids(limit)
select surge_id from surges where ended_at is null
order by started_at desc, surge_id desc limit :limit;

-- name: ended_ids(before, limit)
select surge_id from surges where ended_at is not null and started_at < :before
order by started_at desc, surge_id desc limit :limit;

-- name: acknowledge(surge_id, login, at)!
update surges set acknowledged_by = :login, acknowledged_at = :at
where surge_id = :surge_id and acknowledged_by is null;

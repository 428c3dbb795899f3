-- name: runs(before, cause, limit)
-- Newest runs begun before a time, with their differences counted by kind.
select
  run_id, switchboard, cause, day, since, until, started_at, ended_at, compared, unexplained,
  coalesce((
    select jsonb_object_agg(kind, found) from (
      select kind, count(*) as found from reconciliation_differences d
      where d.run_id = r.run_id group by kind
    ) counted
  ), '{}') as found
from reconciliation_runs r
where (:before::timestamptz is null or started_at < :before)
  and (:cause::text is null or cause = :cause)
order by started_at desc, run_id desc
limit :limit;

-- name: run_exists(run_id)$
select exists (select from reconciliation_runs where run_id = :run_id);

-- name: differences(run_id, after, kind, limit)
select difference_id, call_id, kind, fields, recorded, told, repaired, found_at
from reconciliation_differences
where run_id = :run_id and difference_id > :after and (:kind::text is null or kind = :kind)
order by difference_id
limit :limit;

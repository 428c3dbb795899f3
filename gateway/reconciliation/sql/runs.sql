-- name: begin_run(switchboard, cause, day, since, until, now)$
insert into reconciliation_runs (switchboard, cause, day, since, until, started_at)
values (:switchboard, :cause, :day, :since, :until, :now)
returning run_id;

-- name: add_differences(run_id, switchboard, differences, now)
-- Those of calls are repaired if the call now stands at the revision that the repair gave it. What
-- cannot be explained is told once. How many were added of each kind.
with added as (
  insert into reconciliation_differences
    (run_id, switchboard, call_id, kind, fields, recorded, told, repaired, found_at)
  select
    :run_id, :switchboard, found.call_id, found.kind, coalesce(found.fields, '{}'),
    found.recorded, found.told,
    coalesce(found.repaired, calls.revision = found.revision, false), :now
  from jsonb_to_recordset(:differences::jsonb) as found (
    call_id text, kind text, fields text[], recorded jsonb, told jsonb, repaired boolean,
    revision integer
  )
  left join calls using (call_id)
  on conflict (switchboard, call_id) where kind = 'unexplained' do nothing
  returning kind
)
select kind, count(*) as added from added group by kind;

-- name: end_run(run_id, compared, unexplained, now)!
update reconciliation_runs
set ended_at = :now, compared = :compared, unexplained = :unexplained
where run_id = :run_id;

-- name: nights_done(switchboard, since)
-- Days compared by nightly runs, from one on.
select day from reconciliation_runs
where switchboard = :switchboard and cause = 'night' and ended_at is not null and day >= :since;

-- name: forget_runs(before)!
-- With their differences.
delete from reconciliation_runs where started_at < :before;

-- name: add_act(at, actor, action, subject, detail)!
insert into audit_log (at, actor, action, subject, detail)
values (:at, :actor, :action, :subject, :detail);

-- name: lock_person(user_id)!
select pg_advisory_xact_lock(74568, :user_id::integer);

-- name: acts_since(actor, action, since)^
select count(*) as acts, min(at) as oldest from audit_log
where actor = :actor and action = :action and at > :since;

-- name: plan_for_these_values()!
-- The filters that are not given must not stand in the way of an index.
set local plan_cache_mode = force_custom_plan;

-- name: time_of_act(audit_id)$
select at from audit_log where audit_id = :audit_id;

-- name: newest_acts(actor, action, subject, since, until, cursor_at, cursor, limit)
-- From before the row `cursor`, which is of `cursor_at`.
select audit_id, at, actor, action, subject, detail from audit_log
where (:actor::text is null or actor = :actor)
  and (:action::text is null or action = :action)
  and (:subject::text is null or subject = :subject)
  and (:since::timestamptz is null or at >= :since)
  and (:until::timestamptz is null or at < :until)
  and (:cursor::bigint is null or (at, audit_id) < (:cursor_at::timestamptz, :cursor))
order by at desc, audit_id desc limit :limit;

-- name: oldest_acts(actor, action, subject, since, until, cursor_at, cursor, limit)
-- The same from behind that row.
select audit_id, at, actor, action, subject, detail from audit_log
where (:actor::text is null or actor = :actor)
  and (:action::text is null or action = :action)
  and (:subject::text is null or subject = :subject)
  and (:since::timestamptz is null or at >= :since)
  and (:until::timestamptz is null or at < :until)
  and (:cursor::bigint is null or (at, audit_id) > (:cursor_at::timestamptz, :cursor))
order by at, audit_id limit :limit;

-- name: known_actions()
-- One look into the index for each.
with recursive each as (
  (select action from audit_log order by action limit 1)
  union all
  select (select a.action from audit_log a where a.action > each.action order by a.action limit 1)
  from each where each.action is not null
)
select action from each where action is not null;

-- name: is_alone()$
-- Whether nobody writes a row at this moment; held for the rest of the transaction.
select pg_try_advisory_xact_lock(74567);

-- name: last_id()$
select coalesce(max(audit_id), 0) from audit_log;

-- name: acts_between(after, until, limit)
select audit_id, at, actor, action, subject, detail from audit_log
where audit_id > :after and audit_id <= :until order by audit_id limit :limit;

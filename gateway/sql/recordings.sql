-- name: count_removed(removed, at)!
-- Recordings that were removed, in the running totals.
insert into event_totals as known (name, day, amount)
values ('recording.removed', shanghai_day(:at), :removed)
on conflict (name, day, queue, line, subject, detail) do update
  set amount = known.amount + excluded.amount;

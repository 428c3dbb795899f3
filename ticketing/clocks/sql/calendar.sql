-- name: calendar_days()
select day, working, name, set_by, set_at from calendar_days order by day;

-- name: calendar_years()
select year from calendar_years order by year;

-- name: lock_day(day)^
select day, working, name, set_by, set_at from calendar_days where day = :day for update;

-- name: save_day(day, working, name, set_by, set_at)!
insert into calendar_days (day, working, name, set_by, set_at)
values (:day, :working, :name, :set_by, :set_at)
on conflict (day) do update
set working = excluded.working, name = excluded.name, set_by = excluded.set_by,
    set_at = excluded.set_at;

-- name: remove_day(day)!
delete from calendar_days where day = :day;

-- name: declare_year(year, set_by, set_at)$
-- Nothing is returned when it was declared before.
insert into calendar_years (year, set_by, set_at) values (:year, :set_by, :set_at)
on conflict do nothing
returning year;

-- name: withdraw_year(year)$
delete from calendar_years where year = :year returning year;

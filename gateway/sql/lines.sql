-- name: all_lines()
select number, name, mode, department, district from lines order by mode = 'main' desc, number;

-- name: lock_line(number)^
-- The line as it is, held for the rest of the transaction.
select number, name, mode, department, district from lines where number = :number for update;

-- name: save_line(number, name, mode, department, district)!
insert into lines (number, name, mode, department, district)
values (:number, :name, :mode, :department, :district)
on conflict (number) do update set
  name = excluded.name, mode = excluded.mode, department = excluded.department,
  district = excluded.district;

-- name: add_line(number, name, mode, department, district)$
-- The number, or nothing where it is defined already.
insert into lines (number, name, mode, department, district)
values (:number, :name, :mode, :department, :district)
on conflict (number) do nothing returning number;

-- name: line_changes(number, before, most)
-- What was done to lines, of one number if it is given, newest first.
select audit_id, at, actor, action, subject, detail from audit_log
where action in ('line.saved', 'line.removed')
  and (:number::text is null or subject = :number)
  and (:before::bigint is null or audit_id < :before)
order by audit_id desc limit :most;

-- name: remove_line(number)!
delete from lines where number = :number;

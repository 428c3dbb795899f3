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

-- name: remove_line(number)!
delete from lines where number = :number;

-- name: find_card(caller)^
select name, address, notes, version, changed_by, changed_at
from citizens where number = caller_number(:caller);

-- name: add_card(caller, name, address, notes, actor, at)^
-- Nothing where somebody was quicker.
insert into citizens (number, name, address, notes, changed_by, changed_at)
values (caller_number(:caller), :name, :address, :notes, :actor, :at)
on conflict (number) do nothing
returning name, address, notes, version, changed_by, changed_at;

-- name: change_card(caller, version, name, address, notes, actor, at)^
-- Nothing unless it is the version that was seen.
update citizens set name = :name, address = :address, notes = :notes, version = version + 1,
  changed_by = :actor, changed_at = :at
where number = caller_number(:caller) and version = :version
returning name, address, notes, version, changed_by, changed_at;

-- name: erase_card(caller)$
delete from citizens where number = caller_number(:caller) returning version;

-- name: national_number(caller)$
select caller_number(:caller);

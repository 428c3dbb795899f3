-- name: begin_import(sheet, file_name, sha256, made_by, made_at)$
insert into sheet_imports (sheet, file_name, sha256, made_by, made_at)
values (:sheet, :file_name, :sha256, :made_by, :made_at) returning import_id;

-- name: note_headings(import_id, headings)!
update sheet_imports set headings = :headings::text[] where import_id = :import_id;

-- name: one_import(import_id)^
select i.*, exists (select from sheet_import_rows r where r.import_id = i.import_id) as rows_kept
from sheet_imports i where i.import_id = :import_id;

-- name: lock_import(import_id)^
select i.*, exists (select from sheet_import_rows r where r.import_id = i.import_id) as rows_kept
from sheet_imports i where i.import_id = :import_id for update of i;

-- name: newest_imports(limit)
select i.*, exists (select from sheet_import_rows r where r.import_id = i.import_id) as rows_kept
from sheet_imports i order by i.import_id desc limit :limit;

-- name: problems_of(import_id, after, limit)
select problem_id, line, field, sentence from sheet_import_problems
where import_id = :import_id and problem_id > :after order by problem_id limit :limit;

-- name: bad_rows(import_id, after, limit)
select r.line, r.cells, p.fields, p.sentences
from (
  select line, cells from sheet_import_rows
  where import_id = :import_id and bad and line > :after order by line limit :limit
) r
cross join lateral (
  select array_agg(field order by problem_id) as fields,
    array_agg(sentence order by problem_id) as sentences
  from sheet_import_problems where import_id = :import_id and line = r.line
) p
order by r.line;

-- name: mark_bad(import_id)!
update sheet_import_rows r set bad = true
where r.import_id = :import_id and not r.bad and r.line in (
  select line from sheet_import_problems where import_id = :import_id
);

-- name: count_rows(import_id)!
update sheet_imports set rows = counted.rows, bad = counted.bad
from (
  select count(*) as rows, count(*) filter (where r.bad) as bad
  from sheet_import_rows r where r.import_id = :import_id
) counted
where import_id = :import_id;

-- name: finish_check(import_id, added, changed)!
update sheet_imports set state = 'checked', added = :added, changed = :changed
where import_id = :import_id;

-- name: accept_import(import_id, accepted_by, only_good, accepted_at)!
update sheet_imports
set state = 'accepted', accepted_by = :accepted_by, only_good = :only_good,
  accepted_at = :accepted_at, remark = ''
where import_id = :import_id;

-- name: take_back(import_id, remark)!
update sheet_imports
set state = 'checked', accepted_by = null, accepted_at = null, only_good = false, remark = :remark
where import_id = :import_id;

-- name: count_applied(import_id, lines)!
with done as (
  update sheet_import_rows set applied = true
  where import_id = :import_id and line = any(:lines::int[])
  returning line
)
update sheet_imports set applied = applied + (select count(*) from done)
where import_id = :import_id;

-- name: close_import(import_id, state, at, remark)!
update sheet_imports set state = :state, finished_at = :at, remark = :remark
where import_id = :import_id;

-- name: forget_rows(import_id, keep_bad)!
delete from sheet_import_rows where import_id = :import_id and not (bad and :keep_bad::bool);

-- name: forget_bad_rows(before)!
delete from sheet_import_rows r using sheet_imports i
where i.import_id = r.import_id and i.state = 'applied' and i.made_at < :before;

-- name: stale_imports(before)
select import_id from sheet_imports where state in ('reading', 'checked') and made_at < :before;

-- name: accepted_imports()
select import_id from sheet_imports where state = 'accepted' order by import_id;

-- name: rows_of(import_id)
-- Those that are good so far, for sheets that are short.
select line, fields from sheet_import_rows
where import_id = :import_id and not bad order by line;

-- name: count_applied_all(import_id)!
update sheet_imports set applied = (
  select count(*) from sheet_import_rows r where r.import_id = :import_id and not r.bad
) where import_id = :import_id;

-- name: drop_import(import_id)!
with problems as (
  delete from sheet_import_problems where import_id = :import_id
), rows as (
  delete from sheet_import_rows where import_id = :import_id
)
delete from sheet_imports where import_id = :import_id;

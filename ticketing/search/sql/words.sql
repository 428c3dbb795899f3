-- name: texts_of_case(case_id)
select case_id, title, body, address, result, opened_at, opened_by, category_id
from cases where case_id = :case_id;

-- name: due_texts(limit)
-- Of cases that nobody works on; each stays as it is until the transaction ends.
select c.case_id, c.title, c.body, c.address, c.result, c.opened_at, c.opened_by, c.category_id
from cases c
where c.case_id in (select case_id from case_words_due order by case_id desc limit :limit)
order by c.case_id for share of c skip locked;

-- name: save_words(case_ids, words, marks)!
-- `marks` of each are separated by spaces.
insert into case_words (case_id, opened_at, words)
select c.case_id, c.opened_at,
  strip(to_tsvector('simple', w.words)) || array_to_tsvector(string_to_array(w.marks, ' '))
from unnest(:case_ids::bigint[], :words::text[], :marks::text[]) as w (case_id, words, marks)
join cases c using (case_id)
on conflict (case_id) do update set words = excluded.words;

-- name: forget_due(case_ids)!
delete from case_words_due where case_id = any(:case_ids::bigint[]);

-- name: lock_backlog()$
select below from case_words_backlog for update;

-- name: add_from_backlog(below, limit)$
-- The newest of the cases that wait become due; the smallest id of them, null when there are none.
with waiting as (
  select case_id from cases where case_id < :below order by case_id desc limit :limit
), added as (
  insert into case_words_due
  select case_id from waiting where not exists (
    select from case_words w where w.case_id = waiting.case_id
  )
  on conflict do nothing
)
select min(case_id) from waiting;

-- name: shorten_backlog(below)!
update case_words_backlog set below = :below;

-- name: end_backlog()!
delete from case_words_backlog;

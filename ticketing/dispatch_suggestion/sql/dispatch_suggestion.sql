-- What is learnt from: cases that somebody gave a category, as they stand now. Not confidential ones,
-- whose words are nobody's business; not those that were withdrawn or became part of another.

-- name: to_learn(sample)^
-- When the oldest of the newest :sample was opened, and how many there are.
select min(opened_at) as since, count(*) as cases from (
  select opened_at from cases
  where category_id is not null and not confidential and state not in ('withdrawn', 'merged')
  order by opened_at desc limit :sample
) newest;

-- name: new_to_learn(after, enough)$
-- How many there are since then; no more than :enough are counted.
select count(*) from (
  select from cases
  where category_id is not null and not confidential and state not in ('withdrawn', 'merged')
    and opened_at > :after
  limit :enough
) newer;

-- name: categories_to_learn(since)
select category_id, count(*) as cases from cases
where category_id is not null and not confidential and state not in ('withdrawn', 'merged')
  and opened_at >= :since
group by category_id;

-- name: cases_to_learn(since)
select case_no, title, body, address, category_id, lead_id, opened_at from cases
where category_id is not null and not confidential and state not in ('withdrawn', 'merged')
  and opened_at >= :since
order by opened_at, case_id;

-- name: insert_model(trained_at, case_count, first_case, last_case, last_at, measured, sha256, content)$
insert into suggestion_models (
  trained_at, case_count, first_case, last_case, last_at, measured, sha256, content
) values (
  :trained_at, :case_count, :first_case, :last_case, :last_at, :measured, :sha256, :content
) returning model_id;

-- name: drop_old_contents(kept)!
update suggestion_models set content = null
where content is not null and model_id not in (
  select model_id from suggestion_models order by model_id desc limit :kept
);

-- name: newest_model()^
select model_id, trained_at, case_count, first_case, last_case, last_at, measured
from suggestion_models order by model_id desc limit 1;

-- name: newest_model_id()$
select max(model_id) from suggestion_models;

-- name: model_content(model_id)^
select sha256, content from suggestion_models where model_id = :model_id;

-- name: is_looked_at(day)$
select exists (select from suggestion_trainings where day = :day);

-- name: note_training(day, ended_at, outcome, detail, model_id)!
insert into suggestion_trainings (day, ended_at, outcome, detail, model_id)
values (:day, :ended_at, :outcome, :detail, :model_id) on conflict do nothing;

-- name: last_training()^
select day, ended_at, outcome, detail from suggestion_trainings order by day desc limit 1;

-- name: open_categories(ids)
select k.category_id as id, k.code, k.name from categories k
join categories p on p.category_id = k.parent_id
where k.category_id = any(:ids::bigint[]) and not k.closed and not p.closed;

-- name: active_departments(ids)
select department_id as id, code, name from departments
where department_id = any(:ids::bigint[]) and active;

-- name: names_of(categories, departments)
select 'category' as target, category_id as id, code, name from categories
where category_id = any(:categories::bigint[])
union all
select 'department', department_id, code, name from departments
where department_id = any(:departments::bigint[]);

-- name: insert_suggestion(model_id, asked_by, at, categories, category_confidences, category_offered, departments, department_confidences, department_offered)$
insert into dispatch_suggestions (
  model_id, asked_by, asked_at, categories, category_confidences, category_offered, departments,
  department_confidences, department_offered
) values (
  :model_id, :asked_by, :at, :categories, :category_confidences, :category_offered, :departments,
  :department_confidences, :department_offered
) returning suggestion_id;

-- name: replace_suggestion(suggestion_id, model_id, asked_by, at, categories, category_confidences, category_offered, departments, department_confidences, department_offered)$
-- The form has changed: only what it shows in the end counts.
update dispatch_suggestions set
  model_id = :model_id, asked_at = :at, categories = :categories,
  category_confidences = :category_confidences, category_offered = :category_offered,
  departments = :departments, department_confidences = :department_confidences,
  department_offered = :department_offered
where suggestion_id = :suggestion_id and asked_by = :asked_by and chosen_at is null
returning suggestion_id;

-- name: choose(suggestion_id, asked_by, case_id, at)$
-- What was chosen is what the case has now.
update dispatch_suggestions s set
  case_id = c.case_id, category_id = c.category_id, department_id = c.lead_id, chosen_at = :at
from cases c
where c.case_id = :case_id and s.suggestion_id = :suggestion_id and s.asked_by = :asked_by
  and s.chosen_at is null
returning s.suggestion_id;

-- name: drop_suggestion(suggestion_id, asked_by)$
delete from dispatch_suggestions
where suggestion_id = :suggestion_id and asked_by = :asked_by and chosen_at is null
returning suggestion_id;

-- name: forget_unused(before)!
delete from dispatch_suggestions where chosen_at is null and asked_at < :before;

-- name: choices(since)
-- What was offered first, with what confidence (bands of 10 %), and what people chose; and what the
-- case has now, after whoever put it right later.
select target, least(floor(confidence * 10), 9)::int as band, count(*) as cases,
  count(*) filter (where chosen = proposed[1]) as first,
  count(*) filter (where chosen = any(proposed)) as among,
  count(*) filter (where now = proposed[1]) as first_now
from dispatch_suggestions s join cases c using (case_id)
cross join lateral (values
  ('category', s.category_id, c.category_id, s.categories, s.category_confidences[1],
    s.category_offered),
  ('department', s.department_id, c.lead_id, s.departments, s.department_confidences[1],
    s.department_offered)
) each (target, chosen, now, proposed, confidence, offered)
where s.chosen_at >= :since and offered and chosen is not null
group by target, band order by target, band;

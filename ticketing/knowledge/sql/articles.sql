-- name: insert_article()$
insert into knowledge_articles (revision) values (1) returning article_id;

-- name: lock_article(article_id)$
select revision from knowledge_articles where article_id = :article_id for update;

-- name: revision_of(article_id)$
select revision from knowledge_articles where article_id = :article_id;

-- name: grow_revision(article_id)$
update knowledge_articles set revision = revision + 1 where article_id = :article_id
returning revision;

-- name: insert_version(article_id, version, department_id, category_id, title, body, valid_from, valid_until, review_due, writer, at)!
insert into knowledge_versions (
  article_id, version, state, department_id, category_id, title, body, valid_from, valid_until,
  review_due, writers, changed_at
) values (
  :article_id, :version, 'draft', :department_id, :category_id, :title, :body, :valid_from,
  :valid_until, :review_due, array[:writer::text], :at
);

-- name: update_version(version_id, department_id, category_id, title, body, valid_from, valid_until, review_due, writer, at)!
update knowledge_versions set
  department_id = :department_id, category_id = :category_id, title = :title, body = :body,
  valid_from = :valid_from, valid_until = :valid_until, review_due = :review_due,
  writers = case when :writer::text = any(writers) then writers else writers || :writer::text end,
  changed_at = :at
where version_id = :version_id;

-- name: move_version(version_id, state, review_due, approved_by, at)!
-- What is null of the review's date and the approver stays as it was.
update knowledge_versions set
  state = :state,
  review_due = coalesce(:review_due::date, review_due),
  approved_by = coalesce(:approved_by::text, approved_by),
  published_at = case when :approved_by::text is null then published_at else :at::timestamptz end,
  changed_at = :at
where version_id = :version_id;

-- name: show_words(version_id, title_words, body_words)!
insert into knowledge_words (
  version_id, title_words, words, department_id, category_id, valid_from, valid_until, published_at
)
select
  version_id, to_tsvector('simple', :title_words),
  setweight(to_tsvector('simple', :title_words), 'A')
    || setweight(to_tsvector('simple', :body_words), 'D'),
  department_id, category_id, valid_from, valid_until, published_at
from knowledge_versions where version_id = :version_id;

-- name: hide_words(version_id)!
delete from knowledge_words where version_id = :version_id;

-- name: insert_history(article_id, revision, version, at, actor, step, note)!
insert into knowledge_history (article_id, revision, version, at, actor, step, note)
values (:article_id, :revision, :version, :at, :actor, :step, :note);

-- name: history_of_article(article_id)
select * from knowledge_history where article_id = :article_id order by revision;

-- name: versions_of_article(article_id)
select v.*, d.code as department_code, d.name as department_name, k.code as category_code,
  k.name as category_name
from knowledge_versions v
join departments d using (department_id)
left join categories k on k.category_id = v.category_id
where v.article_id = :article_id order by v.version desc;

-- name: versions_by_ids(version_ids)
-- In the order of the ids.
select v.*, d.code as department_code, d.name as department_name, k.code as category_code,
  k.name as category_name
from unnest(:version_ids::bigint[]) with ordinality as wanted (version_id, place)
join knowledge_versions v using (version_id)
join departments d using (department_id)
left join categories k on k.category_id = v.category_id
order by wanted.place;

-- name: in_state(state, departments, before, limit)
-- The newest first; `departments` null: of any.
select v.version_id from knowledge_versions v
where v.state = :state and v.changed_at < :before
  and (:departments::bigint[] is null or v.department_id = any(:departments::bigint[]))
order by v.changed_at desc, v.version_id desc limit :limit;

-- name: due(by, departments, limit)
-- Published ones that are to be reviewed by a day, the longest overdue first.
select v.version_id from knowledge_versions v
where v.state = 'published' and v.review_due <= :by
  and (:departments::bigint[] is null or v.department_id = any(:departments::bigint[]))
order by v.review_due, v.version_id limit :limit;

-- name: published_version(article_id)$
select version from knowledge_versions where article_id = :article_id and state = 'published';

-- name: link_to_case(case_id, article_id, version, actor, at)!
insert into case_articles (case_id, article_id, version, linked_by, linked_at)
values (:case_id, :article_id, :version, :actor, :at)
on conflict (case_id, article_id) do nothing;

-- name: articles_of_case(case_id)
select c.article_id, c.version, c.linked_by, c.linked_at, v.title, v.state
from case_articles c join knowledge_versions v using (article_id, version)
where c.case_id = :case_id order by c.linked_at, c.article_id;

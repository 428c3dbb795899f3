-- name: insert_feedback(article_id, version, kind, words, text, department_id, given_by, at)$
insert into knowledge_feedback (
  article_id, version, kind, words, text, department_id, given_by, given_at
) values (
  :article_id, :version, :kind, :words, :text, :department_id, :given_by, :at
) returning feedback_id;

-- name: lock_feedback(feedback_id)^
select department_id, given_by, settled_at from knowledge_feedback
where feedback_id = :feedback_id for update;

-- name: settle_feedback(feedback_id, outcome, answer, settled_by, at)!
update knowledge_feedback
set outcome = :outcome, answer = :answer, settled_by = :settled_by, settled_at = :at
where feedback_id = :feedback_id;

-- name: feedback_by_id(feedback_id)^
select f.*, d.code as department_code, d.name as department_name, v.title
from knowledge_feedback f
left join departments d using (department_id)
left join knowledge_versions v using (article_id, version)
where f.feedback_id = :feedback_id;

-- name: list_feedback(settled, article_id, see_all, departments, given_by, before, limit)
-- The newest first. Seen by those who write for the department, and by who gave it.
select f.*, d.code as department_code, d.name as department_name, v.title
from knowledge_feedback f
left join departments d using (department_id)
left join knowledge_versions v using (article_id, version)
where (f.settled_at is not null) = :settled
  and (:article_id::bigint is null or f.article_id = :article_id)
  and (:see_all or f.department_id = any(:departments::bigint[]) or f.given_by = :given_by)
  and f.given_at < :before
order by f.given_at desc, f.feedback_id desc limit :limit;

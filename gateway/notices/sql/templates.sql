-- name: all_templates()
select kind, text, active, changed_at from notice_templates order by kind;

-- name: lock_template(kind)^
select kind, text, active, changed_at from notice_templates where kind = :kind for update;

-- name: change_template(kind, text, active, at)^
update notice_templates set text = :text, active = :active, changed_at = :at
where kind = :kind
returning kind, text, active, changed_at;

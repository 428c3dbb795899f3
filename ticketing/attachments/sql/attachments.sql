-- name: insert_attachment(attachment_id, case_id, name, media_type, bytes, sha256, added_by, added_at)!
insert into case_attachments (
  attachment_id, case_id, name, media_type, bytes, sha256, added_by, added_at
) values (
  :attachment_id, :case_id, :name, :media_type, :bytes, :sha256, :added_by, :added_at
);

-- name: of_case(case_id)
select * from case_attachments where case_id = :case_id and removed_at is null
order by added_at, attachment_id;

-- name: attachment(case_id, attachment_id)^
select * from case_attachments
where case_id = :case_id and attachment_id = :attachment_id and removed_at is null;

-- name: mark_removed(attachment_id, removed_by, removed_at, removed_reason)!
update case_attachments
set removed_by = :removed_by, removed_at = :removed_at, removed_reason = :removed_reason
where attachment_id = :attachment_id and removed_at is null;

-- name: kept(attachment_ids)
select attachment_id from case_attachments
where attachment_id = any(:attachment_ids::uuid[]) and removed_at is null;

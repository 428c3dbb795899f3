-- Files of cases (docs/attachments.md). The file itself is in the directory of attachments, under this
-- id; a row is written after the file, so that a file without a row is of no use and is thrown away.
create table case_attachments (
  attachment_id  uuid primary key,
  case_id        bigint not null references cases,
  name           text not null check (length(name) between 1 and 120 and name !~ '[/\\[:cntrl:]]'),
  media_type     text not null,
  bytes          bigint not null check (bytes > 0),
  sha256         text not null check (sha256 ~ '^[0-9a-f]{64}$'),
  added_by       text not null,
  added_at       timestamptz not null,
  removed_by     text,
  removed_at     timestamptz,
  removed_reason text,
  check ((removed_at is null) = (removed_by is null)),
  check ((removed_at is null) = (removed_reason is null))
);
create index case_attachments_case on case_attachments (case_id, added_at);

-- One row per queue_log file or table that was imported, wholly or up to a place. It is written in
-- the transaction that stores the calls and seat states of the lines before that place.
create table queue_log_imports (
  switchboard  text not null,
  source       text not null,
  name         text not null,
  place        bigint not null,
  mark         text not null,
  first_at     timestamptz not null,
  last_at      timestamptz not null,
  counts       jsonb not null,
  state        jsonb not null,
  started_at   timestamptz not null default now(),
  committed_at timestamptz not null default now(),
  primary key (switchboard, source)
);
create index queue_log_imports_last_at on queue_log_imports (switchboard, last_at);
comment on column queue_log_imports.source is
  'what makes it the same source: a digest of a file''s beginning, or the name of a table';
comment on column queue_log_imports.place is
  'of a file: bytes read, uncompressed; of a table: rows read that have the time in mark';
comment on column queue_log_imports.mark is
  'of a file: a digest of the bytes before the place; of a table: the time of the last row read';
comment on column queue_log_imports.state is
  'calls and seats that were not over at the place, so that the next file goes on with them';

-- Who owns a switchboard now. `epoch` grows with every owner; changing it takes a lock that a write
-- fenced by `for key share` holds up, hence a key column of an index.
create table switchboard_owners (
  switchboard text not null,
  epoch       bigint not null,
  backend_pid integer not null,
  renewed_at  timestamptz not null,
  primary key (switchboard),
  unique (switchboard, epoch)
);

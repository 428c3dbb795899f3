-- A case that follows another one up (后续工单): the citizen calls again about what was a case already.
create table case_follow_ups (
  case_id bigint primary key references cases,
  follows bigint not null references cases,
  check (case_id > follows)
);
create index case_follow_ups_follows on case_follow_ups (follows);
comment on table case_follow_ups is 'written when the later case is opened, and never changed';

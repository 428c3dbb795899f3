-- What is said in a case, as words, apart from the case itself: its row changes with every step, and
-- an index of words would have to follow each time.
create table case_words (
  case_id   bigint primary key references cases,
  opened_at timestamptz not null,
  words     tsvector not null
);
comment on column case_words.words is
  'what ticketing.tokens makes of title, body, address and result; with # marks of when the case was opened, by whom, and its category';
-- Without a pending list: whoever fills it up would wait for all of it to be sorted in.
create index case_words_words on case_words using gin (words) with (fastupdate = off);

-- Cases whose words are not those of their texts (yet). The program writes the words in the
-- transaction that changes the texts; who writes texts in another way cannot forget them.
create table case_words_due (case_id bigint primary key references cases);
create function case_words_are_due() returns trigger language plpgsql as $$
begin
  insert into case_words_due values (new.case_id) on conflict do nothing;
  return null;
end $$;
create trigger case_words_due_insert after insert on cases
  for each row execute function case_words_are_due();
create trigger case_words_due_update
  after update of title, body, address, result, category_id on cases
  for each row when (
    (old.title, old.body, old.address, old.result, old.category_id)
      is distinct from (new.title, new.body, new.address, new.result, new.category_id)
  ) execute function case_words_are_due();

-- Cases from before: a worker goes through them from the newest on, whatever interrupts it.
create table case_words_backlog (below bigint not null);
comment on column case_words_backlog.below is 'cases with smaller ids wait; no row: none do';
insert into case_words_backlog select max(case_id) + 1 from cases having max(case_id) is not null;

-- A department's cases of one category are one walk, too.
alter table case_departments add column category_id bigint;
update case_departments p set category_id = c.category_id
from cases c where c.case_id = p.case_id and c.category_id is not null;
create index case_departments_category
  on case_departments (department_id, category_id, opened_at desc, case_id desc)
  include (state, part, confidential) where category_id is not null;
-- And those of one category, or of who opened them, in one state.
drop index cases_category;
create index cases_category on cases (category_id, state, opened_at desc, case_id desc);
drop index cases_opened_by;
create index cases_opened_by on cases (opened_by, state, opened_at desc, case_id desc);
drop trigger case_departments_state on cases;
drop function case_departments_state();
create function keep_case_departments() returns trigger language plpgsql as $$
begin
  update case_departments set state = new.state, category_id = new.category_id
  where case_id = new.case_id;
  return null;
end $$;
create trigger case_departments_kept after update of state, category_id on cases
  for each row when ((old.state, old.category_id) is distinct from (new.state, new.category_id))
  execute function keep_case_departments();

-- The cases that somebody may see, of those that are wanted of `departments` (null: wherever they
-- are), as `parts`. Put into the query that asks, not called: its plan is that of one query.
-- With `see_all` he sees confidential ones, else those opened by `viewer` and those of department
-- `own`. The departments of a case are few, those in the array may be a thousand and are hashed; in an
-- index condition (hence `+ 0`) they would be sorted anew for each case.
create function visible_cases(
  departments bigint[], parts text[], see_all boolean, viewer bigint, own bigint
) returns setof cases language sql stable as $$
  select c.* from cases c
  where case when $1 is null
    then $3 or not c.confidential or c.opened_by = $4
    else exists (
      select from case_departments p
      where p.case_id = c.case_id and p.department_id + 0 = any($1) and p.part = any($2)
        and ($3 or not c.confidential or c.opened_by = $4 or p.department_id = $5)
    ) end
$$;

-- Of each case the clock whose deadline comes first, of those that count down.
create view pressing_clocks as
  select k.* from case_clocks k
  where k.stopped_at is null and k.paused_at is null
    and not exists (
      select from case_clocks o
      where o.case_id = k.case_id and o.stopped_at is null and o.paused_at is null
        and (o.deadline, o.clock_id) < (k.deadline, k.clock_id)
    );

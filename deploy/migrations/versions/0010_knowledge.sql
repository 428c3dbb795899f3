-- An article (C8) is its versions; `revision` grows by one with everything that is done to it.
create table knowledge_articles (
  article_id bigint generated always as identity primary key,
  revision   integer not null check (revision >= 1)
);

create table knowledge_versions (
  version_id    bigint generated always as identity primary key,
  article_id    bigint not null references knowledge_articles,
  version       integer not null check (version >= 1),
  state         text not null check (state in (
    'draft', 'in_review', 'published', 'replaced', 'withdrawn', 'discarded'
  )),
  department_id bigint not null references departments,
  category_id   bigint references categories,
  title         text not null check (length(title) between 1 and 100),
  body          text not null check (length(body) between 1 and 10000),
  valid_from    date not null,
  valid_until   date,
  review_due    date not null,
  writers       text[] not null check (cardinality(writers) >= 1),
  approved_by   text,
  published_at  timestamptz,
  changed_at    timestamptz not null,
  unique (article_id, version),
  check (valid_until >= valid_from),
  check (approved_by <> all (writers)),
  check ((published_at is null) = (approved_by is null)),
  check ((published_at is null) = (state in ('draft', 'in_review', 'discarded')))
);
comment on column knowledge_versions.writers is 'logins of everybody who wrote it: none may approve it';
create unique index knowledge_versions_open on knowledge_versions (article_id)
  where state in ('draft', 'in_review');
create unique index knowledge_versions_published on knowledge_versions (article_id)
  where state = 'published';
create index knowledge_versions_state on knowledge_versions (state, changed_at desc, version_id desc);
create index knowledge_versions_due on knowledge_versions (review_due, version_id)
  where state = 'published';
create index knowledge_versions_department on knowledge_versions (department_id);
create index knowledge_versions_category on knowledge_versions (category_id);

create table knowledge_history (
  article_id bigint not null references knowledge_articles,
  revision   integer not null,
  version    integer not null,
  at         timestamptz not null,
  actor      text not null,
  step       text not null,
  note       text not null default '',
  primary key (article_id, revision)
);
create trigger knowledge_history_append_only before update or delete on knowledge_history
  for each row execute function refuse_change();

-- What is searched: a row for each published version, narrow so that many matches are read quickly.
create table knowledge_words (
  version_id    bigint primary key references knowledge_versions,
  title_words   tsvector not null,
  words         tsvector not null,
  department_id bigint not null,
  category_id   bigint,
  valid_from    date not null,
  valid_until   date,
  published_at  timestamptz not null
);
comment on column knowledge_words.words is 'of the title (weight A) and the body (weight D)';
-- No list of pending entries, which every search would have to go through.
create index knowledge_words_words on knowledge_words using gin (words) with (fastupdate = off);
create index knowledge_words_newest on knowledge_words (published_at desc, version_id desc);

-- In how many of them a word occurs: the rare words of a question tell most.
create table knowledge_word_counts (
  word     text primary key,
  articles integer not null
);
create function count_knowledge_words() returns trigger language plpgsql as $$
begin
  insert into knowledge_word_counts as known (word, articles)
  select word, case tg_op when 'INSERT' then count(*) else -count(*) end
  from changed_rows, unnest(tsvector_to_array(words)) as word
  group by word order by word  -- so that two who publish at once cannot wait for each other
  on conflict (word) do update set articles = known.articles + excluded.articles;
  return null;
end $$;
create trigger knowledge_words_inserted after insert on knowledge_words
  referencing new table as changed_rows
  for each statement execute function count_knowledge_words();
create trigger knowledge_words_deleted after delete on knowledge_words
  referencing old table as changed_rows
  for each statement execute function count_knowledge_words();

-- What readers say of an article, or that there is none for the words they searched.
create table knowledge_feedback (
  feedback_id   bigint generated always as identity primary key,
  article_id    bigint references knowledge_articles,
  version       integer,
  kind          text not null check (kind in ('wrong', 'missing', 'unclear')),
  words         text not null default '' check (length(words) <= 200),
  text          text not null default '' check (length(text) <= 1000),
  department_id bigint references departments,
  given_by      text not null,
  given_at      timestamptz not null,
  outcome       text check (outcome in ('accepted', 'rejected')),
  answer        text not null default '' check (length(answer) <= 1000),
  settled_by    text,
  settled_at    timestamptz,
  check ((article_id is null) = (version is null)),
  check ((article_id is null) = (department_id is null)),
  check (article_id is not null or kind = 'missing' and words <> ''),
  check ((settled_at is null) = (outcome is null) and (settled_at is null) = (settled_by is null))
);
create index knowledge_feedback_newest on knowledge_feedback (given_at desc, feedback_id desc);
create index knowledge_feedback_open on knowledge_feedback (given_at desc, feedback_id desc)
  where settled_at is null;
create index knowledge_feedback_article on knowledge_feedback (article_id);
create index knowledge_feedback_department on knowledge_feedback (department_id);

-- Articles that a case was answered with, in the version that was read.
create table case_articles (
  case_id    bigint not null references cases,
  article_id bigint not null,
  version    integer not null,
  linked_by  text not null,
  linked_at  timestamptz not null,
  primary key (case_id, article_id),
  foreign key (article_id, version) references knowledge_versions (article_id, version)
);
create index case_articles_article on case_articles (article_id, version);

-- Whom agents called while a caller waited, and when three spoke together (三方通话).
create table call_consultations (
  call_id text not null,
  at      timestamptz not null,
  agent   text not null,
  number  text not null,
  primary key (call_id, at)
);
create table call_conferences (
  call_id text not null,
  at      timestamptz not null,
  agent   text not null,
  primary key (call_id, at)
);

-- name: add_tree()!
-- 40 bureaus, and a city of 8 districts with 12 streets of 15 communities each.
with city as (
  insert into departments (code, name, level) values ('C', '市热线办', 1) returning department_id
), bureaus as (
  insert into departments (code, name, level)
  select 'B' || n, '市属' || n || '局', 1 from generate_series(1, 40) n
), districts as (
  insert into departments (code, name, level, parent_id)
  select 'D' || n, n || '区', 2, department_id from generate_series(1, 8) n, city
  returning department_id, code
), streets as (
  insert into departments (code, name, level, parent_id)
  select 'S' || right(code, -1) || '-' || n, n || '街道', 3, department_id
  from generate_series(1, 12) n, districts
  returning department_id, code
)
insert into departments (code, name, level, parent_id)
select 'V' || right(code, -1) || '-' || n, n || '社区', 4, department_id
from generate_series(1, 15) n, streets;

-- name: add_categories()!
with classes as (
  insert into categories (code, name, level) select 'K' || n, '大类' || n, 1
  from generate_series(1, 18) n returning category_id, code
)
insert into categories (code, name, level, parent_id)
select code || '-' || n, '小类' || n, 2, category_id
from classes, generate_series(1, case when right(code, -1)::int <= 2 then 7 else 6 end) n;

-- name: add_people(password_hash)!
with agents as (
  insert into users (login, password_hash, role, display_name, agent, extension)
  select 'agent' || n, :password_hash, 'agent', '坐席' || n, n::text, n::text
  from generate_series(8001, 8500) n
), chief as (
  insert into users (login, password_hash, role, display_name)
  values ('chief', :password_hash, 'supervisor', '值班长'),
    ('admin', :password_hash, 'administrator', '系统管理员')
)
insert into users (login, password_hash, role, display_name, department_id)
select 'dept-' || lower(code), :password_hash, 'department', name, department_id from departments
where code in ('C', 'B1', 'B40', 'D1', 'D8', 'S1-1', 'S8-12', 'V1-1-1', 'V5-6-7', 'V8-12-15');

-- name: add_said(part, texts, words)!
-- What cases are put together from, each with its words.
insert into said select :part, n - 1, t, w
from unnest(:texts::text[], :words::text[]) with ordinality as x (t, w, n);

-- name: prepare()#
create unlogged table said (part text, n bigint, said text, words text);
create unlogged table people as select row_number() over (order by user_id) - 1 as n, user_id
  from users where role = 'agent';
create unlogged table kinds as select row_number() over (order by category_id) - 1 as n, category_id
  from categories where level = 2;
create unlogged table places as select row_number() over (order by level, department_id) - 1 as n,
  department_id from departments where code <> 'C';

-- name: finish_said()#
create unlogged table subjects as select n, said, strip(to_tsvector('simple', words)) as words
  from said where part = 'subject';
create unlogged table roads as select n, said, strip(to_tsvector('simple', words)) as words
  from said where part = 'road';
create unlogged table estates as select n, said, strip(to_tsvector('simple', words)) as words
  from said where part = 'estate';
create unlogged table wishes as select n, said, strip(to_tsvector('simple', words)) as words
  from said where part = 'wish';
create unlogged table results as select n, said, strip(to_tsvector('simple', words)) as words
  from said where part = 'result';
analyze;

-- name: take_out_indexes(tables)
-- Which they were, but those of primary keys and of unique columns.
select i.indexname, i.indexdef from pg_indexes i
where i.schemaname = 'public' and i.tablename = any(:tables::text[])
  and not exists (select from pg_constraint c where c.conname = i.indexname);

-- name: add_cases(first, last, all_cases, open_from, registered_from, days, common)!
-- Low numbers of what is drawn are the more frequent ones: r * r of an even r. All of a case hangs
-- on its number alone, so that any part can be made at any time.
with drawn as (
  select i as case_id,
    (hashint8extended(i, 1) & 1048575) / 1048576.0 as r1, (hashint8extended(i, 2) & 1048575) / 1048576.0 as r2,
    (hashint8extended(i, 3) & 1048575) / 1048576.0 as r3, (hashint8extended(i, 4) & 1048575) / 1048576.0 as r4,
    (hashint8extended(i, 5) & 1048575) / 1048576.0 as r5, (hashint8extended(i, 6) & 1048575) / 1048576.0 as r6,
    (hashint8extended(i, 7) & 1048575) / 1048576.0 as r7, (hashint8extended(i, 8) & 1048575) / 1048576.0 as r8,
    now() - interval '1 day' * ((:all_cases::bigint - i + 1) * :days::float8 / :all_cases::bigint) as opened_at
  from generate_series(:first::bigint, :last::bigint) i
), cast_ as (
  select d.*, u.user_id, k.category_id, p.department_id as lead_id,
    case when r8 < 0.2 then a.department_id end as assisting_id,
    s.said as subject, r.said as road, e.said as estate, w.said as wish, z.said as result,
    s.words as subject_words, r.words as road_words, e.words as estate_words, w.words as wish_words,
    z.words as result_words,
    case
      when d.case_id >= :registered_from::bigint then 'registered'
      when r7 < 0.55 then 'closed'
      when d.case_id < :open_from::bigint then case when r7 < 0.98 then 'closed' else 'withdrawn' end
      when r7 < 0.7 then 'dispatched' when r7 < 0.75 then 'accepted' when r7 < 0.9 then 'handling'
      when r7 < 0.95 then 'replied' else 'closed'
    end as state,
    r7 < 0.55 and d.case_id < :registered_from::bigint as at_once
  from drawn d
  join people u on u.n = floor(r1 * (select count(*) from people))
  join kinds k on k.n = floor(r2 * r2 * (select count(*) from kinds))
  join places p on p.n = floor(r3 * r3 * (select count(*) from places))
  join places a on a.n = (p.n + 7) % (select count(*) from places)
  join subjects s on s.n = floor(r2 * r2 * (select count(*) from subjects))
  join roads r on r.n = floor(r4 * (select count(*) from roads))
  join estates e on e.n = floor(r5 * (select count(*) from estates))
  join wishes w on w.n = floor(r6 * (select count(*) from wishes))
  join results z on z.n = floor(r1 * (select count(*) from results))
), c as (
  insert into cases (
    case_id, case_no, kind, title, body, address, confidential, caller, category_id, lead_id, state,
    answered_at_once, opened_by, opened_at, closed_at, first_closed_at, result, version
  ) overriding system value
  select case_id, to_char(opened_at at time zone 'Asia/Shanghai', 'YYYYMMDD-') || lpad((case_id % 100000000)::text, 9, '0'),
    'complaint', subject, '市民反映，' || road || '，' || estate || '，' || subject || '，' || wish, road || '，' || estate, r6 < 0.005,
    '13' || lpad(floor(r5 * r4 * 1000000000)::bigint::text, 9, '0'), category_id,
    case when state <> 'registered' and not at_once then lead_id end, state, at_once, user_id,
    opened_at, case when state = 'closed' then opened_at + interval '4 days' * r6 end,
    case when state = 'closed' then opened_at + interval '4 days' * r6 end,
    case when state in ('closed', 'replied') then result else '' end,
    case when state = 'registered' then 1 when at_once or state = 'dispatched' then 2 when state = 'accepted' then 3 when state = 'handling' then 4 when state = 'replied' then 5 else 6 end
  from cast_
), w as (
  insert into case_words (case_id, opened_at, words)
  select case_id, opened_at, :common::text::tsvector || road_words || estate_words || subject_words || wish_words
    || case when state in ('closed', 'replied') then result_words else ''::tsvector end
    || array_to_tsvector(array[
      '#0.' || floor(extract(epoch from opened_at) / 10800), '#1.' || floor(extract(epoch from opened_at) / 86400),
      '#2.' || floor(extract(epoch from opened_at) / 691200), '#3.' || floor(extract(epoch from opened_at) / 5529600),
      '#4.' || floor(extract(epoch from opened_at) / 44236800), '#o' || user_id, '#k' || category_id
    ])
  from cast_
), p as (
  insert into case_departments (case_id, department_id, part, state, opened_at, confidential, category_id)
  select case_id, d.department_id, d.part, state, opened_at, r6 < 0.005, category_id
  from cast_ cross join lateral (values (lead_id, 'lead'), (assisting_id, 'assisting')) d (department_id, part)
  where d.department_id is not null and state <> 'registered' and not at_once
), k as (
  insert into case_clocks (case_id, kind, rule_id, started_at, deadline, yellow_from, notice_at, stopped_at)
  select case_id, kind, 3, opened_at, due, due - interval '1 day',
    case when not done then greatest(due, now() + interval '1 day') end,
    case when done then opened_at + interval '4 hours' end
  from cast_ cross join lateral (values
    ('signing', opened_at + interval '1 day', state not in ('dispatched', 'registered')),
    ('closing', opened_at + interval '7 days', state in ('closed', 'withdrawn'))
  ) t (kind, due, done)
  where state <> 'registered' and not at_once
)
insert into case_history (case_id, at, actor, step, note, version, from_state, to_state, from_department, to_department)
select case_id, opened_at + v * interval '5 hours', 'agent8001', step, '', v, lag(to_state) over one, to_state,
  lag(placed) over one, placed
from (
  select case_id, opened_at, s.*, case when s.v > 1 and not at_once then lead_id end as placed
  from cast_ cross join lateral (values
    (1, 'registered', 'registered', true),
    (2, case when at_once then 'answered_at_once' else 'dispatched' end, case when at_once then 'closed' else 'dispatched' end, state <> 'registered'),
    (3, 'accepted', 'accepted', not at_once and state not in ('registered', 'dispatched')),
    (4, 'begun', 'handling', not at_once and state not in ('registered', 'dispatched', 'accepted')),
    (5, 'replied', 'replied', not at_once and state in ('replied', 'closed', 'withdrawn')),
    (6, case when state = 'closed' then 'review_passed' else 'withdrawn' end, state, not at_once and state in ('closed', 'withdrawn'))
  ) s (v, step, to_state, happened)
  where s.happened
) e
window one as (partition by case_id order by v);

-- name: add_clock_histories()!
insert into case_clock_history (clock_id, at, actor, act)
select clock_id, started_at, 'agent8001', 'started' from case_clocks
union all
select clock_id, stopped_at, 'agent8001', 'stopped' from case_clocks where stopped_at is not null
order by 1, 2;

-- name: number_on()!
-- What comes next gets numbers behind those that were made.
select setval('cases_case_id_seq', (select max(case_id) from cases));

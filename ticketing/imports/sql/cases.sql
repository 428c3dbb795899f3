-- name: tell_nobody()$
-- What the rest of the transaction stores is history: other systems are not told (0013_webhooks.sql).
select set_config('hotline.history', 'on', true);

-- name: complain_repeated(import_id)!
-- Of rows with the same number the first counts.
insert into sheet_import_problems (import_id, line, field, sentence)
select :import_id::bigint, line, 'reference', '与第' || first_line || '行的原系统编号重复'
from (
  select r.line, min(r.line) over (partition by r.fields ->> 'reference') as first_line
  from sheet_import_rows r
  where r.import_id = :import_id and r.fields ->> 'reference' is not null
) numbered
where line <> first_line;

-- name: years_of_open_cases(import_id)
-- Years in which the clocks of these cases begin.
select distinct extract(year from f.at at time zone 'Asia/Shanghai')::int as year
from sheet_import_rows r
cross join lateral (
  values ((r.fields ->> 'opened_at')::timestamptz), ((r.fields ->> 'dispatched_at')::timestamptz)
) f (at)
where r.import_id = :import_id and f.at is not null
  and r.fields ->> 'state' in ('registered', 'dispatched', 'accepted', 'handling');

-- name: complain_cases(import_id, above, upto, unknown_years)$
-- What the database knows of the rows behind line `above` up to `upto`, of bad ones no more; how many
-- problems there are.
with complained as (
insert into sheet_import_problems (import_id, line, field, sentence)
select :import_id::bigint, r.line, p.field, p.sentence
from sheet_import_rows r
cross join lateral jsonb_to_record(r.fields) as f (
  reference text, state text, category text, department text, opened_at timestamptz,
  dispatched_at timestamptz
)
left join imported_cases i on i.reference = f.reference
left join categories k on k.code = f.category
left join categories c on c.category_id = k.parent_id
left join departments d on d.code = f.department
cross join lateral (
  values
    ('reference', case when i.case_id is not null then '这个编号的工单已经导入过' end),
    ('category', case
      when f.category is null then null
      when k.category_id is null then '没有这个代码的分类'
      when k.parent_id is null then '这是大类的代码，请填写其下小类的代码'
      when k.closed or c.closed then '这个分类已关闭'
    end),
    ('department', case
      when f.department is null then null
      when d.department_id is null then '没有这个代码的部门'
      when not d.active then '这个部门已停用'
    end),
    ('opened_at', case
      when extract(year from f.opened_at at time zone 'Asia/Shanghai') = any(:unknown_years::int[])
      then '没有这一年的工作日历，无法计算时限，请先在“时限管理”录入'
    end),
    ('dispatched_at', case
      when extract(year from f.dispatched_at at time zone 'Asia/Shanghai')
        = any(:unknown_years::int[])
      then '没有这一年的工作日历，无法计算时限，请先在“时限管理”录入'
    end)
) p (field, sentence)
where r.import_id = :import_id and r.line > :above and r.line <= :upto
  and not r.bad and not r.applied and p.sentence is not null
  and (
    p.field not in ('opened_at', 'dispatched_at')
    or f.state in ('registered', 'dispatched', 'accepted', 'handling')
  )
returning problem_id
)
select count(*) from complained;

-- name: next_lines(import_id, above, most)
-- The next rows to be applied.
select line from sheet_import_rows
where import_id = :import_id and not bad and not applied and line > :above
order by line limit :most;

-- name: good_lines(import_id, lines)
select line from sheet_import_rows
where import_id = :import_id and line = any(:lines::int[]) and not bad order by line;

-- name: apply_cases(import_id, lines, opened_by, actor, now)
-- Stores cases with their numbers, departments and the first entry of their history. Lists go on from
-- the time of registration of their last case, so that no two of a file may have the same: of those
-- that the old system knew by the day or minute each is a microsecond behind the line before.
with chosen as materialized (
  select r.line, f.*, f.opened_at + r.line * interval '1 microsecond' as registered_at,
    (f.opened_at at time zone 'Asia/Shanghai')::date as day,
    k.category_id, d.department_id as lead_id
  from sheet_import_rows r
  cross join lateral jsonb_to_record(r.fields) as f (
    reference text, kind text, title text, body text, address text, result text, source text,
    state text, category text, department text, caller text, urgency text, confidential boolean,
    opened_at timestamptz, closed_at timestamptz, dispatched_at timestamptz
  )
  left join categories k on k.code = f.category
  left join departments d on d.code = f.department
  where r.import_id = :import_id and r.line = any(:lines::int[])
),
counted as (
  select day, count(*)::int as cases from chosen group by day
),
reserved as (
  insert into case_numbers as known (day, last)
  select day, cases from counted order by day
  on conflict (day) do update set last = known.last + excluded.last
  returning day, last
),
numbered as materialized (
  select chosen.*, to_char(day, 'YYYYMMDD') || '-'
    || lpad(place.number::text, greatest(5, length(place.number::text)), '0') as case_no
  from (
    select line, last - cases + row_number() over (partition by day order by line) as number
    from chosen join counted using (day) join reserved using (day)
  ) place
  join chosen using (line)
),
stored as (
  insert into cases (
    case_no, kind, title, body, address, confidential, caller, state, opened_by, opened_at,
    closed_at, result, category_id, lead_id, source
  )
  select
    case_no, kind, title, body, address, confidential, caller, state, :opened_by::bigint,
    registered_at, case when closed_at < registered_at then registered_at else closed_at end,
    result, category_id, lead_id,
    case  -- what the old system called it stays in `imported_cases`
      when source ~ '网|线上|邮件' then 'web'
      when source ~ '信' and source !~ '微信|短信' then 'letter'
      when source ~ '访' and source !~ '回访' then 'visit'
      when source ~* 'app|客户端|微信|小程序' then 'app'
      else 'phone'
    end
  from numbered order by line
  returning case_id, case_no
),
placed as (
  insert into case_departments (
    case_id, department_id, part, state, opened_at, confidential, category_id
  )
  select s.case_id, n.lead_id, 'lead', n.state, n.registered_at, n.confidential, n.category_id
  from stored s join numbered n using (case_no) where n.lead_id is not null
),
told as (
  insert into case_history (
    case_id, version, at, actor, step, note, from_state, to_state, from_department, to_department
  )
  select s.case_id, 1, :now::timestamptz, :actor::text, 'imported',
    '原系统编号 ' || n.reference || coalesce('，来源：' || nullif(n.source, ''), ''),
    null, n.state, null, n.lead_id
  from stored s join numbered n using (case_no)
),
known as (
  insert into imported_cases (reference, case_id, import_id, source)
  select n.reference, s.case_id, :import_id::bigint, n.source
  from stored s join numbered n using (case_no)
)
select s.case_id, n.state, n.category, n.urgency, n.registered_at as opened_at,
  n.dispatched_at
from stored s join numbered n using (case_no)
where n.state in ('registered', 'dispatched', 'accepted', 'handling')
order by n.line;

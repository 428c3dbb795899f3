-- name: among(case_ids, query, source, after, limit)
-- Those of some cases, opened after a moment, that have the words: each is looked up.
select i.case_id from unnest(:case_ids::bigint[]) as i (case_id)
cross join lateral (
  select w.opened_at from case_words w
  where w.case_id = i.case_id and w.opened_at > :after
    and w.words @@ to_tsquery('simple', :query)
    and (:source::text is null or exists (
      select from cases c where c.case_id = i.case_id and c.source = :source
    )) limit 1
) w
order by w.opened_at desc, i.case_id desc limit :limit;

-- name: opening(case_id)$
select opened_at from cases where case_id = :case_id;

-- name: of_caller(caller, states, categories, opener, source, departments, parts, see_all, viewer, own, since, before, limit)
select c.case_id from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
where c.caller = any(caller_spellings(caller_number(:caller))) and c.caller <> ''
  and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and (:source::text is null or c.source = :source)
  and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
  and c.opened_at >= :since and c.opened_at < :before
order by c.opened_at desc, c.case_id desc limit :limit;

-- name: of_number(case_no, states, categories, opener, source, departments, parts, see_all, viewer, own, since, before)
select c.case_id from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
where c.case_no = :case_no and c.state = any(:states::text[])
  and (:opener::bigint is null or c.opened_by = :opener)
  and (:source::text is null or c.source = :source)
  and (:categories::bigint[] is null or c.category_id = any(:categories::bigint[]))
  and c.opened_at >= :since and c.opened_at < :before;

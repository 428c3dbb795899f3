-- Who may see a case, and what else is wanted of it, is looked at for the newest of those that have
-- the words, until a page is full.

-- name: in_window(first, second, third, others, window, facets, since, before, most, states, source, departments, parts, see_all, viewer, own, limit)^
-- `seen`: how many cases of the window have the words, at most :most, which then are any of them, and
-- none is looked up.
-- Conditions apart, not joined to one: so the index goes from one of them straight to where the next
-- has its next case, where of one condition it would go through all cases of its rarest word.
with matching as materialized (
  select w.case_id, w.opened_at from case_words w
  where w.words @@ :window::text::tsquery
    and w.words @@ to_tsquery('simple', :first) and w.words @@ to_tsquery('simple', :second)
    and w.words @@ to_tsquery('simple', :third) and w.words @@ to_tsquery('simple', :others)
    and w.words @@ :facets::text::tsquery
    and w.opened_at >= :since and w.opened_at < :before
), hits as materialized (
  select * from matching limit :most
)
select (select count(*) from hits) as seen, array(
  select h.case_id from (
    select * from hits where (select count(*) from hits) < :most
    order by opened_at desc, case_id desc
  ) h
  cross join lateral (
    select from visible_cases(:departments, :parts, :see_all, :viewer, :own) c
    where c.case_id = h.case_id and c.state = any(:states::text[])
      and (:source::text is null or c.source = :source) limit 1
  ) c
  order by h.opened_at desc, h.case_id desc limit :limit
) as case_ids;

-- name: plan(first, second, third, fourth)$
-- How many cases PostgreSQL expects of each word, from its statistics, without looking for any. The
-- limits, which nothing reaches, keep the four in their order.
explain (format json)
(select 1 from case_words where words @@ to_tsquery('simple', :first) limit 1000000000)
union all
(select 2 from case_words where words @@ to_tsquery('simple', :second) limit 1000000000)
union all
(select 3 from case_words where words @@ to_tsquery('simple', :third) limit 1000000000)
union all
(select 4 from case_words where words @@ to_tsquery('simple', :fourth) limit 1000000000);

-- name: span(before)^
-- `place`: of the newest case opened before a moment.
select min(opened_at) as oldest, max(opened_at) as newest,
  (select max(opened_at) from cases where opened_at < :before) as place
from cases;

-- name: newest_before(before)$
select opened_at from cases where opened_at < :before order by opened_at desc, case_id desc limit 1;

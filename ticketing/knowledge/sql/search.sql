-- Of what is published: valid on :today unless :also_invalid; `departments`, `categories` null: any.

-- name: newest(today, also_invalid, departments, categories, limit)
select w.version_id from knowledge_words w
where (:also_invalid or w.valid_from <= :today and coalesce(w.valid_until >= :today, true))
  and (:departments::bigint[] is null or w.department_id = any(:departments::bigint[]))
  and (:categories::bigint[] is null or w.category_id = any(:categories::bigint[]))
order by w.published_at desc, w.version_id desc limit :limit;

-- name: with_all(query, today, also_invalid, departments, categories, ranked, limit)
-- Those that have all words, in the title first; ranked are the :ranked newest of these, because
-- reading the words of a row takes far longer than finding it.
with asked as materialized (select to_tsquery('simple', :query) as q),
best as materialized (
  select w.version_id, w.title_words @@ a.q as in_title
  from asked a join knowledge_words w on w.words @@ a.q
  where (:also_invalid or w.valid_from <= :today and coalesce(w.valid_until >= :today, true))
    and (:departments::bigint[] is null or w.department_id = any(:departments::bigint[]))
    and (:categories::bigint[] is null or w.category_id = any(:categories::bigint[]))
  order by in_title desc, w.published_at desc, w.version_id desc limit :ranked
)
select b.version_id, (select count(*) from best) as found
from best b join knowledge_words w using (version_id) cross join asked a
order by b.in_title desc, ts_rank(w.words, a.q, 1) desc, w.published_at desc, w.version_id desc
limit :limit;

-- name: counts_of(words)
select word, articles from knowledge_word_counts
where word = any(:words::text[]) and articles > 0;

-- name: published_count()$
select count(*) from knowledge_words;

-- name: with_any(words, weights, in_title, today, also_invalid, departments, categories, ranked, limit)
-- The more words and the rarer they are the better; one in the title counts :in_title times.
with asked as materialized (
  select to_tsquery('simple', word) as q, weight
  from unnest(:words::text[], :weights::double precision[]) as each (word, weight)
),
hits as materialized (
  select w.version_id, w.published_at,
    sum(a.weight * case when w.title_words @@ a.q then :in_title::double precision else 1 end)
      as score
  from asked a join knowledge_words w on w.words @@ a.q
  where (:also_invalid or w.valid_from <= :today and coalesce(w.valid_until >= :today, true))
    and (:departments::bigint[] is null or w.department_id = any(:departments::bigint[]))
    and (:categories::bigint[] is null or w.category_id = any(:categories::bigint[]))
  group by w.version_id
)
select version_id, (select least(count(*), :ranked) from hits) as found from hits
order by score desc, published_at desc, version_id desc limit :limit;

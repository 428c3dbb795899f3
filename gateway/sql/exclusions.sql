-- name: exclusion_of(call_id, case_id)^
select reason, mark_id from exclusion_of(:call_id, :case_id);

-- name: add_skipped_callback(case_id, case_no, call_id, reason, mark_id, closed_at)$
-- Nothing when that is on the list for this closing already.
insert into figure_exclusions (what, reason, mark_id, case_id, call_id, of_id, given_at)
values ('callback', :reason, :mark_id, :case_id, :call_id, :case_no, :closed_at)
on conflict (what, of_id, subject) where counted_again_at is null
do update set given_at = excluded.given_at where figure_exclusions.given_at <> excluded.given_at
returning exclusion_id;

-- name: skipped_because_of(mark_id)
-- Closed cases that were not called back about because of a mark.
select x.case_id from figure_exclusions x join cases c using (case_id)
where x.what = 'callback' and x.mark_id = :mark_id and x.counted_again_at is null
  and c.state = 'closed'
order by x.case_id;

-- name: exclusions(reason, mark_id, before, limit)
select x.exclusion_id, x.made_at, x.what, x.reason, x.mark_id, c.case_no, x.call_id, x.subject,
  x.answer, x.given_at, x.counted_again_at, c.matter, coalesce(c.caller, k.caller, '') as caller
from figure_exclusions x
left join cases c on c.case_id = x.case_id
left join calls k on k.call_id = x.call_id
where (:reason::text is null or x.reason = :reason)
  and (:mark_id::bigint is null or x.mark_id = :mark_id)
  and (:before::bigint is null or x.exclusion_id < :before)
order by x.exclusion_id desc limit :limit;

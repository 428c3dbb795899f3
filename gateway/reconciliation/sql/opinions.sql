-- name: stored_opinions(switchboard, since)
-- Ratings of a switchboard's calls and survey answers; clocks may differ by an hour.
select substr(call_id, length(:switchboard) + 2) as uniqueid, '' as question
from ratings
where starts_with(call_id, :switchboard || '-') and given_at >= :since::timestamptz - interval '1 hour'
union all
select attempt_id, question from survey_answers
where answered_at >= :since::timestamptz - interval '1 hour';

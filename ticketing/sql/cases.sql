-- name: next_case_number(day)$
-- The row stays locked until the transaction ends, so no number is given twice.
insert into case_numbers as known (day, last) values (:day, 1)
on conflict (day) do update set last = known.last + 1
returning last;

-- name: insert_case(case_no, call_id, kind, title, body, address, confidential, caller, state, answered_at_once, opened_by, opened_at, closed_at, result)$
-- Nothing is returned when the call has a case already.
insert into cases (
  case_no, call_id, kind, title, body, address, confidential, caller, state, answered_at_once,
  opened_by, opened_at, closed_at, result
) values (
  :case_no, :call_id, :kind, :title, :body, :address, :confidential, :caller, :state,
  :answered_at_once, :opened_by, :opened_at, :closed_at, :result
)
on conflict (call_id) do nothing
returning case_id;

-- name: lock_case(case_no)^
select case_id, state, version from cases where case_no = :case_no for update;

-- name: close_case(case_id, state, result, closed_at)!
update cases
set state = :state, result = :result, closed_at = :closed_at, version = version + 1
where case_id = :case_id;

-- name: case_by_no(case_no)^
select c.*, u.login as opened_by_login from cases c join users u on u.user_id = c.opened_by
where c.case_no = :case_no;

-- name: case_by_id(case_id)^
select c.*, u.login as opened_by_login from cases c join users u on u.user_id = c.opened_by
where c.case_id = :case_id;

-- name: case_by_call(call_id)^
select c.*, u.login as opened_by_login from cases c join users u on u.user_id = c.opened_by
where c.call_id = :call_id;

-- name: list_cases(state, before, limit)
select c.*, u.login as opened_by_login from cases c join users u on u.user_id = c.opened_by
where (:state::text is null or c.state = :state)
  and (:before::timestamptz is null or c.opened_at < :before)
order by c.opened_at desc, c.case_id desc
limit :limit;

-- name: cases_for_caller(caller, limit)
select c.*, u.login as opened_by_login from cases c join users u on u.user_id = c.opened_by
where c.caller = :caller and c.caller <> ''
order by c.opened_at desc, c.case_id desc
limit :limit;

-- name: insert_history(case_id, at, actor, step, note)!
insert into case_history (case_id, at, actor, step, note)
values (:case_id, :at, :actor, :step, :note);

-- name: history_of_case(case_id)
select at, actor, step, note from case_history where case_id = :case_id order by history_id;

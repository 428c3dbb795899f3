-- name: insert_follow_up(case_id, follows)!
insert into case_follow_ups (case_id, follows) values (:case_id, :follows);

-- name: followed_case(case_id)$
-- The number of the case that this one follows up.
select c.case_no from case_follow_ups f join cases c on c.case_id = f.follows
where f.case_id = :case_id;

-- name: following_cases(case_id, limit)
-- Numbers of the cases that follow this one up, newest first.
select c.case_no from case_follow_ups f join cases c using (case_id)
where f.follows = :case_id order by f.case_id desc limit :limit;

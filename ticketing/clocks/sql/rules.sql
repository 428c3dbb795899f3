-- name: rules_in_force()
-- The newest version of every rule that is not withdrawn.
select * from (
  select distinct on (category, urgency) * from clock_rules
  order by category, urgency, version desc
) newest
where not withdrawn;

-- name: rule_versions(category, urgency)
select * from clock_rules
where category is not distinct from :category::text and urgency = :urgency
order by version desc;

-- name: rule_for(category, urgency)^
-- That of the category, else that for all.
select * from (
  select distinct on (category) * from clock_rules
  where urgency = :urgency and (category is null or category = :category::text)
  order by category, version desc
) newest
where not withdrawn
order by category nulls last
limit 1;

-- name: insert_rule(category, urgency, version, sign_amount, sign_unit, close_amount, close_unit, withdrawn, made_at, made_by)^
-- Nothing is returned when somebody else has made this version.
insert into clock_rules (
  category, urgency, version, sign_amount, sign_unit, close_amount, close_unit, withdrawn, made_at,
  made_by
) values (
  :category, :urgency, :version, :sign_amount, :sign_unit, :close_amount, :close_unit, :withdrawn,
  :made_at, :made_by
)
on conflict do nothing
returning *;

-- name: add_act(at, actor, action, subject, detail)!
insert into audit_log (at, actor, action, subject, detail)
values (:at, :actor, :action, :subject, :detail);

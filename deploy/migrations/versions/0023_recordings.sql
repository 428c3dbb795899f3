-- Recordings are files and have no rows; what is counted of them is added by who removes them.
do $$
begin
  execute format('comment on table event_totals is %L',
    obj_description('event_totals'::regclass) || $names$
recording.removed     removal                                            recordings past their time$names$);
end $$;

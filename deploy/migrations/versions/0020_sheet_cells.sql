-- What stood in a sheet, so that whoever uploaded it can have back the rows that cannot be imported.
-- Imports from before have no headings, and their rows no cells.
alter table sheet_imports add headings text[] not null default '{}';
comment on column sheet_imports.headings is 'of the columns, as they stood in the sheet';

alter table sheet_import_rows add cells text[] not null default '{}';
comment on column sheet_import_rows.cells is 'as they stood in the sheet';

create index sheet_import_problems_line on sheet_import_problems (import_id, line);

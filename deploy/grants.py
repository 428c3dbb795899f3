"""What the program's own database role may do, where it is not the owner of the schema.

Everything the work needs, and nothing that unwrites a record: on append-only tables (those whose
trigger is `refuse_change`, the audit log among them) it may only insert and select.
"""

import asyncpg

from deploy.migrate import MigrationError

_ROLE = """
select rolsuper or rolbypassrls as unlimited, exists (
  select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relowner = r.oid
) as owns, exists (
  select from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = 'public' and c.relkind = 'r' and pg_has_role(r.oid, c.relowner, 'member')
) as member, quote_ident(rolname) as quoted
from pg_roles r where rolname = $1
"""
_IS_OWNER = """
select pg_has_role(relowner, 'usage') from pg_class where oid = 'audit_log'::regclass
"""
_APPEND_ONLY = """
select distinct format('%I', c.relname) from pg_trigger t
join pg_class c on c.oid = t.tgrelid
where t.tgfoid = 'refuse_change'::regproc order by 1
"""


async def grant_program_role(dsn: str, role: str) -> list[str]:
    """Grant ``role`` what the program needs of a migrated database; ``dsn`` is the owner's.

    Anything granted before on these tables is taken back first, so that it can be run after every
    migration. Returns the tables that the role may only add to. Raises `MigrationError` for a role
    that is not there, or that owns the tables and could give itself the rest, and when ``dsn`` is
    not the owner's.
    """
    try:
        connection = await asyncpg.connect(dsn, timeout=30)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        raise MigrationError(
            f"the database cannot be reached: {error or type(error).__name__}"
        ) from None
    try:
        async with connection.transaction():
            return await _grant(connection, role)
    finally:
        await connection.close()


async def _grant(connection: asyncpg.Connection, role: str) -> list[str]:
    if not await connection.fetchval(_IS_OWNER):
        raise MigrationError("only the owner of the tables can grant rights on them")
    found = await connection.fetchrow(_ROLE, role)
    if found is None:
        raise MigrationError(f"there is no role {role}: create it first, with its password")
    if found["unlimited"] or found["owns"] or found["member"]:
        raise MigrationError(
            f"role {role} is a superuser or has the rights of the tables' owner: what it may do "
            "cannot be limited"
        )
    name = found["quoted"]
    added_to = [row[0] for row in await connection.fetch(_APPEND_ONLY)]
    for statement in (
        f"grant usage on schema public to {name}",
        f"revoke all on all tables in schema public from {name}",
        f"grant select, insert, update, delete on all tables in schema public to {name}",
        f"grant usage, select on all sequences in schema public to {name}",
        f"revoke update, delete on {', '.join(added_to)} from {name}",
        f"revoke insert, update, delete on alembic_version from {name}",
    ):
        await connection.execute(statement)
    return added_to

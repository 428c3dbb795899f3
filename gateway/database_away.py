"""What it looks like when PostgreSQL cannot be used just now; the work at hand is tried again."""

import asyncpg

DATABASE_AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    # What asyncpg makes of a connection that was ended while the process stood still.
    asyncpg.InternalClientError,
)

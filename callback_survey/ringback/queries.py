"""The SQL of ringing back, by name."""

from pathlib import Path
from typing import Any

import aiosql

QUERIES: Any = aiosql.from_path(Path(__file__).parents[1] / "sql" / "ringback.sql", "asyncpg")

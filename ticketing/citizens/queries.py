"""The SQL of this package."""

from pathlib import Path
from typing import Any

import aiosql

QUERIES: Any = aiosql.from_path(Path(__file__).parent / "sql", "asyncpg")

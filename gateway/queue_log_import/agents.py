"""Which agent (工号) a queue member's name means, where names are not numbers."""

import csv
from collections.abc import Mapping
from pathlib import Path

from gateway.queue_log_import.errors import QueueLogImportError


def read_agents(path: Path) -> Mapping[str, str]:
    """A CSV file (UTF-8) of two columns: the agent as in the log, and his number.

    Raises `QueueLogImportError` for a file that cannot be read or has another line in it.
    """
    agents: dict[str, str] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if not row:
                    continue
                if len(row) != 2 or not all(row):
                    raise QueueLogImportError(f"{path}, line {number}: a name and a number, please")
                agents[row[0]] = row[1]
    except OSError as error:
        raise QueueLogImportError(f"cannot read {path}: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error):
        raise QueueLogImportError(f"{path} is no CSV file in UTF-8") from None
    return agents

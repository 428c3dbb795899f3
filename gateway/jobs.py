"""Jobs that must follow a change: enqueued in the change's own transaction (PgQueuer)."""

import json
from datetime import timedelta
from typing import Any

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

SURVEY = "survey_call"


async def enqueue_survey(connection: Any, case_id: int, *, delay: timedelta) -> None:
    """Ask for a call back about a case after ``delay``; one waiting job per case.

    ``connection`` is inside the transaction of the change that makes the call back necessary.
    """
    await Queries(AsyncpgDriver(connection)).enqueue(
        SURVEY,
        json.dumps({"case_id": case_id}).encode(),
        execute_after=delay,
        dedupe_key=f"{SURVEY}:{case_id}",
        on_conflict="skip",
    )

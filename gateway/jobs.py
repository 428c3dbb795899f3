"""Jobs that must follow a change: enqueued in the change's own transaction (PgQueuer)."""

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from pgqueuer.db import AsyncpgDriver
from pgqueuer.queries import Queries

from gateway.live import LiveEvent

SURVEY = "survey_call"
TELL = "tell"
REDATE_CLOCKS = "redate_clocks"
APPLY_IMPORT = "apply_import"


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


async def enqueue_telling(connection: Any, events: Sequence[LiveEvent]) -> None:
    """Have the pages told of what the transaction of ``connection`` does, once it is done."""
    if events:
        await Queries(AsyncpgDriver(connection)).enqueue(
            [TELL] * len(events),
            [event.to_json().encode() for event in events],
            [0] * len(events),
        )


async def enqueue_redating(connection: Any) -> None:
    """Have the deadlines of running clocks worked out anew: the calendar has changed.

    Never left out because one waits already: that one may have begun before this change.
    """
    await Queries(AsyncpgDriver(connection)).enqueue(REDATE_CLOCKS, None)


async def enqueue_import(connection: Any, import_id: int) -> None:
    """Have the rows applied that somebody has accepted."""
    payload = json.dumps({"import_id": import_id}).encode()
    await Queries(AsyncpgDriver(connection)).enqueue(APPLY_IMPORT, payload)

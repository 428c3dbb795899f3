"""Has a sheet read in a process of its own, `gateway.sheets.reader`.

A hundred thousand rows keep a processor busy for many seconds, and what is read comes from
outside: the process has bounds of memory and time, and the loop of the program goes on.
"""

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

import structlog

from gateway.sheets.errors import SheetError
from gateway.sheets.limits import Limits
from gateway.sheets.reader import Batch
from ticketing.imports.columns import Sheet
from ticketing.imports.rows import RowProblem

LINE_LIMIT = 256 << 20  # a batch of the longest cells
READ_TIMEOUT_S = 300.0

log = structlog.get_logger(__name__)


async def read_apart(
    path: Path, sheet: Sheet, limits: Limits, now: datetime
) -> AsyncGenerator[Batch, None]:
    """Read a file batch by batch; ``line`` is the number that a spreadsheet shows at the row.

    Raises `SheetError`, the transfer being incomplete then.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.sheets.reader"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # a traceback may repeat what stood in a cell
        limit=LINE_LIMIT,
    )
    # S101: for the type checker; both pipes were asked for above.
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    job = {"path": str(path), "sheet": sheet, "limits": asdict(limits), "now": now.isoformat()}
    complete = False
    try:
        process.stdin.write(json.dumps(job).encode())
        process.stdin.close()
        while line := await asyncio.wait_for(process.stdout.readline(), READ_TIMEOUT_S):
            said = json.loads(line)
            if "wrong" in said:
                raise SheetError(said["wrong"])
            if "end" in said:
                complete = True
                break
            problems = [RowProblem(*problem) for problem in said["problems"]]
            yield Batch(said["headings"], [tuple(row) for row in said["rows"]], problems)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if not complete:
        log.warning("sheet_unreadable", exit_code=process.returncode)
        raise SheetError("文件展开后过大或过于复杂，请分成几个文件，或使用CSV")

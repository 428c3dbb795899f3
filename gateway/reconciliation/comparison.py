"""Runs a comparison where it disturbs least.

A short period is compared in a thread. A long one keeps a processor busy for many seconds, which
would hold up the AMI reading path, so it is compared in a process of its own, at low priority
unless calls wait for it: ``python -m gateway.reconciliation.comparison``, a `Job` on its standard
input, `Findings` line by line on its standard output. Either way only findings come back, in small
batches.
"""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

import asyncpg
from pydantic import TypeAdapter

from gateway.errors import ComparisonError
from gateway.ledger_files import cel_time, queue_log_time, size_since
from gateway.reconciliation.comparer import find
from gateway.reconciliation.job import Findings, Job, Recorded
from gateway.reconciliation.opinions import stored_opinions
from gateway.reconciliation.tables import written_out
from gateway.stored_calls import calls_since, open_calls

LARGE = 4 << 20  # bytes of records: half a second
NICENESS = 10
GC_THRESHOLD = 100_000  # millions of objects come and go, nearly all without cycles
LINE_LIMIT = 4 << 20
CONNECT_TIMEOUT_S = 10.0

_JOB = TypeAdapter(Job)
_FINDINGS = TypeAdapter(Findings)


async def compare(
    pool: Any, dsn: str, job: Job, *, records_dsn: str | None = None
) -> AsyncGenerator[Findings, None]:
    """Compare, with the tables at ``records_dsn`` if given; the last batch has the summary.

    Raises `OSError`, what asyncpg raises and `ComparisonError`.
    """
    if records_dsn is not None:
        async with (
            written_out(job, records_dsn) as with_files,
            aclosing(compare(pool, dsn, with_files)) as found_in_tables,
        ):
            async for findings in found_in_tables:
                yield findings
        return
    if await asyncio.to_thread(_size, job) > LARGE:
        async with aclosing(_compare_apart(dsn, job)) as found_apart:
            async for findings in found_apart:
                yield findings
        return
    async with pool.acquire() as connection:
        recorded = await _recorded(connection, job)
    found = find(job, recorded)
    while (batch := await asyncio.to_thread(next, found, None)) is not None:
        yield batch


def _size(job: Job) -> int:
    sizes = (
        size_since(path, job.since, time_of)
        for path, time_of in ((job.queue_log, queue_log_time), (job.cel_csv, cel_time))
        if path is not None
    )
    return sum(sizes)


async def _recorded(connection: Any, job: Job) -> Recorded:
    calls = await calls_since(connection, job.switchboard, job.since)
    calls += await open_calls(connection, job.switchboard)
    return Recorded(
        calls={call.uniqueid: call for call in calls},
        opinions=await stored_opinions(connection, job.switchboard, job.since),
    )


async def _compare_apart(dsn: str, job: Job) -> AsyncGenerator[Findings, None]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.reconciliation.comparison"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=LINE_LIMIT,
    )
    # S101: for the type checker; both pipes were asked for above.
    assert process.stdin is not None  # noqa: S101
    assert process.stdout is not None  # noqa: S101
    complete = False
    try:
        process.stdin.write(_JOB.dump_json(job) + b"\n" + dsn.encode())
        process.stdin.close()
        async for line in process.stdout:
            findings = _FINDINGS.validate_json(line)
            complete = findings.summary is not None
            yield findings
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    if not complete:
        raise ComparisonError(f"the comparison ended early (exit code {process.returncode})")


async def _main() -> None:
    """The other process."""
    gc.set_threshold(GC_THRESHOLD)
    job_line, _, dsn = sys.stdin.read().partition("\n")
    job = _JOB.validate_json(job_line)
    if not job.urgent:
        os.nice(NICENESS)
    connection = await asyncpg.connect(dsn, timeout=CONNECT_TIMEOUT_S)
    try:
        recorded = await _recorded(connection, job)
    finally:
        await connection.close()
    gc.freeze()  # what is recorded stays
    for findings in find(job, recorded):
        sys.stdout.buffer.write(_FINDINGS.dump_json(findings) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(_main())

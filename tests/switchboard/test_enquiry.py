"""C7 by telephone on a real switchboard: who presses * hears how his case stands, or a person.

And how he is counted: the machine served whom it told, and nobody else.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from deploy.embedded.asterisk_process import AsteriskInstance
from gateway.context import utc_now
from tests.support.capture import AmiRecorder
from tests.support.live import until
from tests.support.sipp import Sipp, Step, caller, press, press_all
from tests.support.system import System, running_system
from tests.support.truth import differences
from ticketing import cases
from ticketing.case import Actor, ActorRole, CaseKind, NewCase

pytestmark = pytest.mark.switchboard

CITIZEN = "13800000001"
_PLAYED = re.compile(r"Playing '/srv/prompts/([a-z-]+)['.]")


@asynccontextmanager
async def listening(board: AsteriskInstance, name: str) -> AsyncIterator[Path]:
    """The file in which the switchboard writes what it plays meanwhile."""
    await board.cli("core set verbose 3")
    await board.cli(f"logger add channel {name} verbose(3)")
    try:
        yield board.directory / "srv" / "log" / name
    finally:
        await board.cli(f"logger remove channel {name}")
        await board.cli("core set verbose 0")


async def until_heard(log: Path, *expected: str) -> None:
    """Returns when these are the last prompts that were played; the log lags behind the call."""

    async def played() -> list[str]:
        return _PLAYED.findall(log.read_text("utf-8", "replace"))

    await until(played, lambda prompts: prompts[-len(expected) :] == list(expected))


async def open_case(dsn: str) -> str:
    """A case of the citizen; its number."""
    connection = await asyncpg.connect(dsn)
    try:
        row = await connection.fetchrow("select user_id, login from users where login = 'chief'")
        actor = Actor(user_id=row["user_id"], login=row["login"], role=ActorRole.SUPERVISOR)
        new = NewCase(kind=CaseKind.HELP, title="停水", body="三天", caller=CITIZEN)
        async with connection.transaction():
            case = await cases.open_case(connection, new, actor=actor, now=utc_now())
    finally:
        await connection.close()
    return case.case_no


def keyed(case_no: str, digits: str, *, after_ms: int) -> list[Step]:
    """Number of the case and end of the own one, as a citizen keys them."""
    number = case_no.replace("-", "") + "#"
    return [*press_all(number, after_ms=after_ms), *press_all(digits, after_ms=900)]


async def agree(system: System, caller: str, *outcomes: str) -> None:
    """The caller's calls are recorded with these outcomes, and with no difference from CEL."""

    async def recorded() -> tuple[str, ...]:
        connection = await asyncpg.connect(system.database_dsn)
        try:
            rows = await connection.fetch(
                "select outcome from calls where caller = $1 order by arrived_at", caller
            )
        finally:
            await connection.close()
        return tuple(row["outcome"] for row in rows)

    await until(recorded, lambda found: found == outcomes)
    await until(lambda: differences(system), lambda found: not found)


async def test_state_is_heard_for_the_right_digits_only(system: System) -> None:
    board = system.switchboard
    case_no = await open_case(system.database_dsn)
    steps = [
        press("5", after_ms=200),  # no key of anything
        press("*", after_ms=200),
        *keyed(case_no, "9999", after_ms=1500),
        *keyed(case_no, "0001", after_ms=2500),
    ]
    async with listening(board, "heard") as log:
        await Sipp(board.sip_port).call("12345", caller("13900000009", steps=steps))
        await until_heard(
            log,
            *("enquiry-number", "enquiry-digits", "enquiry-wrong"),
            *("enquiry-number", "enquiry-digits", "enquiry-registered", "enquiry-more", "goodbye"),
        )
    await agree(system, "13900000009", "self_served")
    assert "13900000009" not in system.gateway.log.read_text("utf-8")
    assert case_no not in system.gateway.log.read_text("utf-8")


async def test_who_wants_a_person_afterwards_gets_into_the_queue(system: System) -> None:
    board = system.switchboard
    case_no = await open_case(system.database_dsn)
    steps = [
        press("*", after_ms=300),
        *keyed(case_no, "0001", after_ms=1500),
        press("0", after_ms=2500),
    ]
    async with listening(board, "heard") as log:
        await Sipp(board.sip_port).call("12345", caller("13900000009", steps=steps))
        # Nobody is logged in: refused at the queue, which shows that he was there.
        await until_heard(log, "enquiry-registered", "enquiry-more", "enquiry-person", "all-busy")
    await agree(system, "13900000009", "refused_no_staff")


async def test_told_is_who_has_heard_it_to_its_end_and_wants_nothing_more(system: System) -> None:
    """Prompts last a second here, and so does the wait for a key after the one that offers 0."""
    sipp = Sipp(system.switchboard.sip_port)
    case_no = await open_case(system.database_dsn)
    asking = [press("*", after_ms=300), *keyed(case_no, "0001", after_ms=1500)]
    while_told = caller("13900000009", steps=asking, stay_ms=500)
    afterwards = caller("13900000009", steps=asking, stay_ms=2000)
    put_through = [*asking, press("0", after_ms=2000)]
    before_the_queue = caller("13900000009", steps=put_through, stay_ms=400)
    for scenario in (while_told, afterwards, before_the_queue):
        await sipp.call("12345", scenario)
    await agree(system, "13900000009", "abandoned_greeting", "self_served", "abandoned_greeting")


async def test_nobody_heard_it_on_ami_and_the_records_tell(
    switchboard_here: None, tmp_path: Path, database_dsn: str, redis_url: str
) -> None:
    async with running_system(tmp_path, database_dsn, redis_url, proxied=True) as system:
        assert system.proxy is not None
        case_no = await open_case(database_dsn)
        steps = [press("*", after_ms=300), *keyed(case_no, "0001", after_ms=1500)]
        system.proxy.freeze()
        await Sipp(system.switchboard.sip_port).call(
            "12345", caller("13900000009", steps=steps, stay_ms=2000)
        )
        system.proxy.cut()
        system.proxy.thaw()
        await agree(system, "13900000009", "self_served")
        connection = await asyncpg.connect(database_dsn)
        try:
            found = await connection.fetch("select kind from reconciliation_differences")
        finally:
            await connection.close()
        assert [row["kind"] for row in found] == ["missing"]


async def test_without_a_gateway_a_person_is_asked(
    switchboard: AsteriskInstance, ami: AmiRecorder
) -> None:
    since = ami.mark()
    async with listening(switchboard, "heard-absent") as log:
        call = caller("13800000311", steps=[press("*", after_ms=300)])
        await Sipp(switchboard.sip_port).call("12345", call, deadline_s=30)
        await until_heard(log, "welcome", "enquiry-person", "all-busy")
    await ami.until(rb"UserEvent: HotlineRefused", since=since)

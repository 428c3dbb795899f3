"""Callers and phones of the tests: SIPp, driven by the scenarios in ``tests/switchboard/sipp``.

A scenario is a template; what differs between two callers (how long, which keys) is filled in. A
SIPp process that does not end by its deadline is a failure, never a hang.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.asterisk_config import FieldTemplate
from tests.support.live import until
from tests.support.ports import free_media_port, free_port

SCENARIOS = Path(__file__).parents[1] / "switchboard" / "sipp"

# A party's step during a call: (number of the step, From value, To value) to scenario text.
Step = Callable[[int, str, str], str]

_CALLER_HEADERS = (
    "{name}<sip:{number}@[local_ip]:[local_port]>;tag=[pid]c[call_number]",
    "[$remote]",
)
_PHONE_HEADERS = ("[$local];tag=[pid]p[call_number]", "[$remote]")
_FOREVER_MS = 3_600_000


class SippError(Exception):
    """A SIPp party did not do what its scenario says."""


def press(key: str, *, after_ms: int = 500) -> Step:
    """Presses one key ``after_ms`` after the step before."""
    return lambda index, local, remote: _fill(
        "steps/key.xml", index=index, key=key, before_ms=after_ms,
        from_header=local, to_header=remote,
    )  # fmt: skip


def press_all(keys: str, *, after_ms: int = 500, between_ms: int = 300) -> list[Step]:
    """Presses ``keys`` one by one."""
    return [press(key, after_ms=between_ms if i else after_ms) for i, key in enumerate(keys)]


def hold(*, after_ms: int, for_ms: int) -> Step:
    """Puts the other side on hold and resumes, by re-INVITE."""

    def step(index: int, local: str, remote: str) -> str:
        invites = {
            f"{name}_invite": _fill(
                "steps/reinvite.xml", direction=direction, sdp_version=version,
                from_header=local, to_header=remote,
            )
            for name, direction, version in (("hold", "sendonly", 2), ("resume", "sendrecv", 3))
        }  # fmt: skip
        return _fill("steps/hold.xml", index=index, before_ms=after_ms, hold_ms=for_ms, **invites)

    return step


def speak(file: Path) -> Step:
    """Sends what is in a file of A-law samples (8 kHz), again and again until the call ends."""
    return lambda _index, _local, _remote: _fill("steps/speak.xml", file=file)


def refer(target: str, *, after_ms: int) -> Step:
    """Transfers the other side blindly to ``target``, by REFER."""
    return lambda index, local, remote: _fill(
        "steps/refer.xml", index=index, target=target, before_ms=after_ms,
        from_header=local, to_header=remote,
    )  # fmt: skip


def caller(
    number: str, *, name: str = "", stay_ms: int = _FOREVER_MS, steps: Sequence[Step] = ()
) -> str:
    """Scenario of a citizen who stays up to ``stay_ms`` after the greeting began.

    ``number`` and ``name`` go into the From header as they are (RFC 3261: a user part with
    escapes, and a quoted string); surrogate escapes stand for bytes that are no UTF-8.
    """
    local, remote = _CALLER_HEADERS
    text = _steps(steps, local.format(number=number, name=name), remote)
    return _fill("caller.xml", number=number, display=name, stay_ms=stay_ms, steps=text)


def caller_who_cancels(number: str, *, after_ms: int) -> str:
    """Scenario of a citizen who thinks better of it before he is answered."""
    return _fill("caller_cancels.xml", number=number, after_ms=after_ms)


def phone(*, ring_ms: int = 200, talk_ms: int = _FOREVER_MS, steps: Sequence[Step] = ()) -> str:
    """Scenario of a phone that answers after ``ring_ms`` and talks up to ``talk_ms``."""
    return _fill(
        "phone.xml", ring_ms=ring_ms, talk_ms=talk_ms, steps=_steps(steps, *_PHONE_HEADERS)
    )


def phone_that_never_answers() -> str:
    """Scenario of a phone that only rings."""
    return phone(ring_ms=_FOREVER_MS)


def phone_that_rejects(status: int, reason: str) -> str:
    """Scenario of a phone that refuses with a SIP status, such as 486."""
    return _fill("phone_rejects.xml", status=status, reason=reason)


def _steps(steps: Sequence[Step], local: str, remote: str) -> str:
    return "".join(step(index, local, remote) for index, step in enumerate(steps))


def _fill(name: str, **fields: object) -> str:
    return FieldTemplate((SCENARIOS / name).read_text("utf-8")).substitute(fields)


class Sipp:
    """SIPp parties against one switchboard at ``127.0.0.1:sip_port``."""

    def __init__(self, sip_port: int) -> None:
        self._sip_port = sip_port

    async def call(self, line: str, scenario: str, *, deadline_s: float = 60) -> None:
        """One call to ``line``; raises :class:`SippError` unless it went as the scenario says."""
        async with self._running(scenario, free_port(), line, calls=1) as process:
            await _finished(process, deadline_s)

    async def call_often(
        self, line: str, scenario: str, *, calls: int, per_s: int, deadline_s: float
    ) -> None:
        """So many calls at this rate by one SIPp; raises `SippError` unless all went well."""
        rate = ("-r", str(per_s), "-l", str(calls))
        async with self._running(scenario, free_port(), line, calls=calls, more=rate) as process:
            await _finished(process, deadline_s)

    async def register(self, seat: str, password: str, port: int, *, expires_s: int = 3600) -> None:
        """Registers a seat's phone that listens on ``port`` (0 s: unregisters)."""
        scenario = _fill("register.xml", seat=seat, password=password, expires_s=expires_s)
        async with self._running(scenario, port, seat, calls=1) as process:
            await _finished(process, 10)

    @asynccontextmanager
    async def phone(self, port: int, scenario: str) -> AsyncIterator[None]:
        """A phone that takes calls on ``port`` until the block ends."""
        async with self._running(scenario, port, "phone", calls=None):
            await _until_bound(port)
            yield

    @asynccontextmanager
    async def _running(
        self,
        scenario: str,
        port: int,
        service: str,
        *,
        calls: int | None,
        more: Sequence[str] = (),
    ) -> AsyncIterator[asyncio.subprocess.Process]:
        with TemporaryDirectory(prefix="sipp-") as directory:
            file = Path(directory, "scenario.xml")
            await asyncio.to_thread(file.write_bytes, scenario.encode("utf-8", "surrogateescape"))
            process = await asyncio.create_subprocess_exec(
                *("sipp", "-sf", str(file), "-i", "127.0.0.1", "-p", str(port)),
                *("-mp", str(free_media_port()), "-s", service, "-nostdin", "-aa"),
                *(("-m", str(calls)) if calls else ()),
                *more,
                f"127.0.0.1:{self._sip_port}",
                cwd=directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
            )
            try:
                yield process
            finally:
                if process.returncode is None:
                    process.kill()
                await process.communicate()


async def _finished(process: asyncio.subprocess.Process, deadline_s: float) -> None:
    try:
        async with asyncio.timeout(deadline_s):
            _, said = await process.communicate()
    except TimeoutError:
        raise SippError(f"The call did not end within {deadline_s} s.") from None
    if process.returncode != 0:
        words = said.decode("utf-8", "replace").strip()
        raise SippError(f"SIPp ended with status {process.returncode}: {words[-600:]}")


async def _until_bound(port: int) -> None:
    """Returns once a UDP socket of this machine is bound to ``port``."""
    entry = f":{port:04X} "

    async def bound() -> bool:
        return entry in await asyncio.to_thread(Path("/proc/net/udp").read_text)

    await until(bound, bool)

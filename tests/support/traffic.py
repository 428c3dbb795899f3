"""A busy hour in little: callers, seats and transfers of every kind, drawn from one seed.

What is drawn is the plan (who calls when, how patient, which telephone does what); when exactly
things meet is left to the machine.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import count

from deploy.embedded.asterisk_process import AsteriskInstance
from tests.support.asterisk import log_in
from tests.support.lasting_ami import LastingRecorder
from tests.support.live import until
from tests.support.outages import Outage
from tests.support.ports import free_ports
from tests.support.sipp import (
    Sipp,
    SippError,
    caller,
    caller_who_cancels,
    hold,
    phone,
    phone_that_never_answers,
    phone_that_rejects,
    press_all,
    refer,
)
from tests.support.transfers import AGENTS, NOBODYS_SEAT, OUTSIDE, QUEUES, PassOn, by_ami, header

MEDIA_DEADLINE_S = 120
DEAD_LINE_S = 20
_LISTED = b"Event: CoreShowChannel\r\n"

# User part and display name of the From header. %0d%0a is what RFC 3261 calls an escaped CR LF.
HOSTILE = (
    ("1380%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%20x", ""),
    ("1380%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%20x", ""),
    ("1380%0d%0aContext%3a%20seats%0d%0aUniqueid%3a%20y", ""),
    ("1380%0d%0aActionID%3a%201", ""),
    ("1380%0d%0a%0d%0aResponse%3a%20Error%0d%0aActionID%3a%2012", ""),
    ("1380%0d%0a%0d%0ahello%0d%0a%0d%0a", ""),
    ("1380%0a%22%2c%22CHAN_END%22%0a", ""),
    ("%24%7BEVAL(1)%7D;phone-context=x", '"${CHANNEL(name)};DROP TABLE calls" '),
    ("a%22b'%3B--", '"x\\"y\\\\z" '),
    ("%F0%9F%98%80", '"😀坐席" '),
    ("1380", '"cut: \udcf0\udc9f\udc98" '),
    ("1380", '"a\\r\\n\\r\\nEvent: Hangup%0d%0a" '),
    ("9" * 300, '"' + "N" * 300 + '" '),
    ("%00138", '"|NONE|,;&#" '),
)


@dataclass(frozen=True)
class Citizen:
    """One caller of the plan."""

    after_s: float
    scenario: str


@dataclass(frozen=True)
class Shift:
    """What a seat's telephone does for a while, and the break after it."""

    scenario: str
    for_s: float
    break_s: float


def draw_citizens(chance: random.Random, count: int, per_s: float) -> list[Citizen]:
    """Callers in order; the gaps between them are exponential."""
    at, citizens = 0.0, []
    for index in range(count):
        at += chance.expovariate(per_s)
        citizens.append(Citizen(at, _citizen(chance, f"1380000{index:04d}")))
    return citizens


def _citizen(chance: random.Random, number: str) -> str:
    kind = chance.choices(["cancels", "greeting", "impatient", "patient"], [6, 8, 31, 55])[0]
    if kind == "cancels":
        return caller_who_cancels(number, after_ms=chance.choice([2, 20, 60, 300]))
    user, name = chance.choice(HOSTILE) if chance.random() < 0.25 else (number, "")
    stay_ms = {
        "greeting": chance.randrange(50, 900),
        "impatient": chance.randrange(1500, 9000),
        "patient": 60_000,
    }[kind]
    return caller(user, name=name, stay_ms=stay_ms)


def draw_shifts(chance: random.Random, seat: str) -> Iterator[Shift]:
    """Shifts of one seat without end."""
    colleagues = sorted(AGENTS.keys() - {seat})
    while True:
        yield Shift(
            _telephone(chance, chance.choice(colleagues)),
            for_s=chance.uniform(4, 12),
            break_s=chance.uniform(0.3, 2),
        )


def _telephone(chance: random.Random, colleague: str) -> str:
    ring_ms, talk_ms = chance.randrange(100, 1500), chance.randrange(300, 3500)
    steps = {
        "answers": [],
        "holds": [hold(after_ms=500, for_ms=chance.randrange(300, 1500))],
        "refers": [refer(chance.choice([colleague, OUTSIDE]), after_ms=600)],
        "attends": press_all(f"*2{colleague}", after_ms=600),
        "consults in vain": press_all(f"*2{NOBODYS_SEAT}", after_ms=600),
        "confers": [*press_all(f"*2{colleague}", after_ms=600), *press_all("*3", after_ms=3500)],
        "passes on": press_all(f"##{colleague}", after_ms=600),
    }
    kinds = ["never", "rejects", *steps]
    kind = chance.choices(kinds, [8, 10, 36, 12, 12, 8, 4, 5, 5])[0]
    if kind == "never":
        return phone_that_never_answers()
    if kind == "rejects":
        return phone_that_rejects(*chance.choice([(486, "Busy Here"), (480, "Gone"), (603, "No")]))
    if kind in {"attends", "consults in vain", "confers"}:
        talk_ms += 2500
    return phone(ring_ms=ring_ms, talk_ms=talk_ms, steps=steps[kind])


@dataclass
class Traffic:
    """Callers and seats at one switchboard; `run` returns when the last call is over.

    ``failed`` counts calls with a SIP surprise, ``cut`` those that were up, or about to be, when
    the switchboard went away: what SIP did to them does not count.
    """

    switchboard: AsteriskInstance
    ami: LastingRecorder
    seed: int
    calls: int
    per_s: float = 1.6
    pass_on: PassOn | None = None  # by AMI where nothing else is said
    passed_on: float = 0.3  # of the answered calls
    failed: int = field(default=0, init=False)
    placed: int = field(default=0, init=False)
    cut: int = field(default=0, init=False)
    outages: list[Outage] = field(default_factory=list, init=False)
    _open: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _calling: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    async def run(self) -> None:
        """Everybody logs in, the calls happen, everybody stays as he is."""
        self._open.set()
        sipp = Sipp(self.switchboard.sip_port)
        ports = dict(zip(AGENTS, free_ports(len(AGENTS)), strict=True))
        secrets = self.switchboard.secrets.seats
        async with asyncio.TaskGroup() as group:
            for seat, port in ports.items():
                group.create_task(sipp.register(seat, secrets[seat], port))
        for seat, agent in AGENTS.items():
            for queue in QUEUES:
                await log_in(self.ami, seat, agent, queue=queue)
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            trunk = self.switchboard.settings.trunk_port
            await stack.enter_async_context(sipp.phone(trunk, phone(talk_ms=2500)))
            over = asyncio.Event()
            for seat, port in ports.items():
                shifts = draw_shifts(self._chance(seat), seat)
                group.create_task(self._work(sipp, seat, port, shifts, over))
            passing = group.create_task(self._pass_on(self.pass_on or by_ami(self.ami)))
            plan = draw_citizens(self._chance("citizens"), self.calls, self.per_s)
            await self._place(sipp, plan)
            passing.cancel()
            over.set()

    async def until_placed(self, count: int) -> None:
        """Returns when so many calls were placed."""

        async def placed() -> int:
            return self.placed

        await until(placed, lambda now: now >= count, MEDIA_DEADLINE_S)

    async def suffer(self, fault: Callable[[AsteriskInstance], Awaitable[Outage]]) -> None:
        """The switchboard goes away and comes back.

        Nobody calls meanwhile. Who is on a dead line at the end hangs up.
        """
        self._open.clear()
        cut, self._calling = self._calling, set()
        self.cut += len(cut)
        try:
            self.outages.append(await fault(self.switchboard))
        finally:
            for call in cut:
                call.cancel()
            self._open.set()

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}-{what}")  # noqa: S311 a plan, not a secret

    async def _place(self, sipp: Sipp, plan: Sequence[Citizen]) -> None:
        start = asyncio.get_running_loop().time()
        async with asyncio.TaskGroup() as calls:
            for citizen in plan:
                elapsed_s = asyncio.get_running_loop().time() - start
                await asyncio.sleep(max(0.0, citizen.after_s - elapsed_s))
                await self._open.wait()
                call = calls.create_task(self._call(sipp, citizen.scenario))
                self._calling.add(call)
                self.placed += 1

    async def _call(self, sipp: Sipp, scenario: str) -> None:
        """A caller and the hotline may hang up in the same instant: SIPp takes that for a fault."""
        this = asyncio.current_task()
        assert this
        try:
            await sipp.call("12345", scenario, deadline_s=MEDIA_DEADLINE_S)
        except SippError:
            self.failed += this in self._calling
        finally:
            self._calling.discard(this)

    async def _work(
        self, sipp: Sipp, seat: str, port: int, shifts: Iterator[Shift], over: asyncio.Event
    ) -> None:
        for shift in shifts:
            async with sipp.phone(port, shift.scenario):
                await self._pause(seat, reason="")
                with suppress(TimeoutError):
                    async with asyncio.timeout(shift.for_s):
                        await over.wait()
                await self._pause(seat, reason="rest")
                await self._until_idle(seat)
            if over.is_set():
                return
            await asyncio.sleep(shift.break_s)

    async def _pause(self, seat: str, *, reason: str) -> None:
        paused = "true" if reason else "false"
        await self.ami.action("QueuePause", Interface=f"PJSIP/{seat}", Paused=paused, Reason=reason)

    async def _until_idle(self, seat: str) -> None:
        """Returns when no channel of the seat is up.

        Where transfers crossed, a telephone may wait for an answer that never comes, as people do
        who hold a dead line: after a while it is hung up.
        """
        loop = asyncio.get_running_loop()
        patient_until = loop.time() + DEAD_LINE_S
        async with asyncio.timeout(MEDIA_DEADLINE_S):
            while channels := await self._channels_of(seat):
                if loop.time() > patient_until:
                    for channel in channels:
                        await self.ami.action("Hangup", Channel=channel)
                await asyncio.sleep(0.2)

    async def _channels_of(self, seat: str) -> list[str]:
        listed = await self.ami.list_action("CoreShowChannels", "CoreShowChannelsComplete")
        names = [header(one, "Channel") for one in listed if one.startswith(_LISTED)]
        return [name for name in names if name.startswith(f"PJSIP/{seat}-")]

    async def _pass_on(self, pass_on: PassOn) -> None:
        """Some answered calls are passed on."""
        chance, numbers = self._chance("passing on"), count()
        async with asyncio.TaskGroup() as group:
            async for message in self.ami.messages():
                if message.startswith(b"Event: AgentConnect") and chance.random() < self.passed_on:
                    act = pass_on(message, self._chance(f"passing on {next(numbers)}"))
                    group.create_task(act)

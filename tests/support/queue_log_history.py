"""A city's queue_log of a past time, made up: agents in shifts, callers who wait, give up, talk."""

import heapq
import random
from collections.abc import Iterator

START = 1_420_070_400  # 2015-01-01 08:00 in Shanghai
_DAY_S = 86_400
_QUEUES = ("12345", "expert", "english")


def history(
    lines: int, *, agents: int = 200, calls_a_day: int = 10_000, start: int = START, seed: int = 1
) -> Iterator[str]:
    """At least ``lines`` lines in order of time, in the form of Asterisk 18, without line ends."""
    chance = random.Random(seed)  # noqa: S311  # the same history each time
    written = 0
    for day in range(start, start + 100_000 * _DAY_S, _DAY_S):
        of_day: list[tuple[int, int, str]] = []
        for agent in range(8001, 8001 + agents):
            _shift(chance, day, str(agent), of_day)
        for call in range(calls_a_day):
            _call(chance, day, call, agents, of_day)
        for at, _order, rest in heapq.merge(sorted(of_day)):
            yield f"{at}|{rest}"
        written += len(of_day)
        if written >= lines:
            return


def _shift(chance: random.Random, day: int, agent: str, out: list[tuple[int, int, str]]) -> None:
    begin = day + chance.randrange(0, 4 * 3600)
    end = begin + 8 * 3600
    out.append((begin, len(out), f"MANAGER|12345|{agent}|ADDMEMBER|"))
    for pause in sorted(chance.sample(range(begin + 60, end - 900), 3)):
        out.append((pause, len(out), f"NONE|12345|{agent}|PAUSE|rest"))
        out.append((pause + chance.randrange(30, 600), len(out), f"NONE|12345|{agent}|UNPAUSE|"))
    out.append((end, len(out), f"MANAGER|12345|{agent}|REMOVEMEMBER|"))


def _call(
    chance: random.Random, day: int, number: int, agents: int, out: list[tuple[int, int, str]]
) -> None:
    at = day + chance.randrange(0, 12 * 3600)
    uniqueid, queue = f"sb-{at}.{number}", chance.choice(_QUEUES)
    caller = f"13{chance.randrange(10**8, 10**9)}"
    out.append((at, len(out), f"{uniqueid}|{queue}|NONE|ENTERQUEUE||{caller}|1"))
    waited = chance.randrange(1, 60)
    fate = chance.random()
    if fate < 0.1:
        out.append((at + waited, len(out), f"{uniqueid}|{queue}|NONE|ABANDON|1|1|{waited}"))
        return
    if fate < 0.13:
        out.append((at + 120, len(out), f"{uniqueid}|{queue}|NONE|EXITWITHTIMEOUT|1|1|120"))
        return
    agent = chance.randrange(8001, 8001 + agents)
    if fate < 0.4:
        out.append((at + waited, len(out), f"{uniqueid}|{queue}|{agent}|RINGNOANSWER|1000"))
        waited += 15
    talk = chance.randrange(5, 600)
    leg = f"sb-{at + waited}.{number}"
    out.append((at + waited, len(out), f"{uniqueid}|{queue}|{agent}|CONNECT|{waited}|{leg}|3"))
    end = at + waited + talk
    if fate < 0.45:
        rest = f"BLINDTRANSFER|8100|seats|{waited}|{talk}|1"
    else:
        rest = f"COMPLETE{'AGENT' if fate < 0.7 else 'CALLER'}|{waited}|{talk}|1"
    out.append((end, len(out), f"{uniqueid}|{queue}|{agent}|{rest}"))

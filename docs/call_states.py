"""Writes ``call-states.md`` from the transition tables: ``python docs/call_states.py``.

A test compares the page with the tables, so that it cannot grow old.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from telephony.calls.transitions import TABLE as CALLS
from telephony.calls.transitions import Phase
from telephony.seats.transitions import TABLE as SEATS
from telephony.seats.transitions import Work

PAGE = Path(__file__).with_name("call-states.md")

INTRODUCTION = """# States of calls and seats

This page is made from the tables in `telephony/calls/transitions.py` and
`telephony/seats/transitions.py` by `python docs/call_states.py`. What is not drawn changes nothing:
that is what makes repeated and late messages harmless.
"""

Edge = tuple[str, str, str]


def diagram(start: str, edges: Iterable[Edge]) -> str:
    """A Mermaid state diagram; triggers between the same two states share an arrow."""
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for origin, target, label in edges:
        labels[origin, target].append(label)
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {start}"]
    lines += [
        f"    {origin} --> {target}: {' / '.join(words)}"
        for (origin, target), words in labels.items()
    ]
    return "\n".join([*lines, "```"])


def calls() -> str:
    """The picture of the calls and the table behind it."""
    edges = [
        (phase.value, step.to.value, trigger.value)
        for phase, row in CALLS.items()
        for trigger, step in row.items()
    ]
    rows = [
        f"| {phase.value} | {trigger.value} | {step.to.value} "
        f"| {', '.join(f'`{name.value}`' for name in step.announces) or '–'} "
        f"| {f'`{step.ending.value}`' if step.ending else '–'} |"
        for phase, row in CALLS.items()
        for trigger, step in row.items()
    ]
    heading = "| phase | when it … | next phase | tells | would end as |\n|---|---|---|---|---|"
    return "\n".join([diagram(Phase.ARRIVED.value, edges), "", heading, *rows])


def seats() -> str:
    """The picture of what one call does to a seat."""
    edges = [
        (work.value, to.value, trigger.value)
        for work, row in SEATS.items()
        for trigger, to in row.items()
    ]
    return diagram(Work.NONE.value, edges)


def page() -> str:
    """The whole page."""
    return f"{INTRODUCTION}\n## Calls\n\n{calls()}\n\n## One call's part of a seat\n\n{seats()}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")

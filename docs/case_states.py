"""Writes ``case-states.md`` from the table of the lifecycle: ``python docs/case_states.py``.

A test compares the page with the table, so that it cannot grow old.
"""

import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from ticketing.lifecycle import TABLE, CaseState, Party, Step, Transition
from ticketing.words import FIELDS, STATES, STEPS

PAGE = Path(__file__).with_name("case-states.md")

INTRODUCTION = """# States of a case

This page is made from the table in `ticketing/lifecycle.py` by `python docs/case_states.py`. What
is not in the table is refused. Steps that leave the state as it is are not drawn.
"""

PARTIES = {
    Party.AGENT: "agent",
    Party.SUPERVISOR: "supervisor",
    Party.ADMINISTRATOR: "administrator",
    Party.LEAD: "lead department",
    Party.ASSISTING: "assisting department",
    Party.ABOVE: "department above",
}


def diagram() -> str:
    """A Mermaid state diagram; steps between the same two states share an arrow."""
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for (state, step), row in TABLE.items():
        if state is not row.to:
            labels["[*]" if state is None else state, row.to].append(STEPS[step])
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f"    {state.value}: {STATES[state]} {state.value}" for state in CaseState]
    lines += [f"    {a} --> {b}: {' / '.join(words)}" for (a, b), words in labels.items()]
    return "\n".join([*lines, "```"])


def rows() -> str:
    """The table as people read it."""
    heading = "| state | step | next state | who may | needs | may carry | triggers |"
    lines = [heading, "|---|---|---|---|---|---|---|"]
    lines += [_row(state, step, row) for (state, step), row in TABLE.items()]
    return "\n".join(lines)


def _row(state: CaseState | None, step: Step, row: Transition) -> str:
    name = f"{STEPS[step]} `{step.value}`"
    if row.opening:
        name += " (with the opening)"
    if row.extension is not None:
        name += " (one is asked for)" if row.extension else " (none is asked for)"
    if row.separated is not None:
        name += " (it is separated)" if row.separated else " (it is not)"
    cells = (
        "–" if state is None else f"{STATES[state]} `{state.value}`",
        name,
        f"{STATES[row.to]} `{row.to.value}`",
        _listed(PARTIES[party] for party in Party if party in row.parties),
        _listed(FIELDS[field] for field in row.required),
        _listed(FIELDS[field] for field in row.optional),
        _listed(f"`{trigger.value}`" for trigger in sorted(row.triggers)),
    )
    return f"| {' | '.join(cells)} |"


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words) or "–"


def page() -> str:
    """The whole page."""
    return f"{INTRODUCTION}\n{diagram()}\n\n{rows()}\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE.name} written\n")

"""Writes ``settings.md`` from the settings themselves: ``python docs/settings.py``.

A test compares the page with them, so that it cannot grow old.
"""

import sys
from collections.abc import Iterable
from datetime import time
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from gateway.case_settings import CaseSettings
from gateway.settings import PREFIX, Settings
from gateway.switchboard_settings import SwitchboardSettings

PAGE = Path(__file__).with_name("settings.md")

INTRODUCTION = f"""# Settings

This page is made from `gateway/settings.py` and its parts by `python docs/settings.py`.

A setting comes from the environment (`{PREFIX}` and its name in capitals), then from the TOML file
that `{PREFIX}CONFIG` names (`hotline.toml` where the program is started, unless it says otherwise),
then from the default. A list is JSON in the environment: `{PREFIX}QUEUES='["12345", "expert"]'`.
What is set wrongly, and a name that does not exist, stops the start with a sentence that says what
is allowed."""

_BOUNDS = {
    "ge": "≥ {}",
    "gt": "> {}",
    "le": "≤ {}",
    "lt": "< {}",
    "min_length": "at least {} long",
    "max_length": "at most {} long",
    "pattern": "`{}`",
}


def _allowed(field: FieldInfo) -> str:
    """The bounds of a value, and the pattern that it must have."""
    bounds = [
        words.format(getattr(each, name))
        for each in field.metadata
        for name, words in _BOUNDS.items()
        if getattr(each, name, None) is not None
    ]
    return ", ".join(bounds).replace("|", r"\|") or "–"


def _default(value: Any) -> str:
    match value:
        case None | "" | ():
            return "–"
        case bool():
            return str(value).lower()
        case time():
            return value.isoformat("minutes")
        case tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def _table(fields: Iterable[tuple[str, FieldInfo]]) -> str:
    rows = [
        f"| `{name}` | {field.description} | {_default(field.default)} | {_allowed(field)} |"
        for name, field in fields
    ]
    return "\n".join(("| setting | what it is | default | allowed |", "|---|---|---|---|", *rows))


def _own(model: type[BaseModel], *parts: type[BaseModel]) -> list[tuple[str, FieldInfo]]:
    """The fields of ``model`` that none of its parts has."""
    inherited = {name for part in parts for name in part.model_fields}
    return [item for item in model.model_fields.items() if item[0] not in inherited]


def page() -> str:
    """The whole page."""
    parts = (
        ("The program", _own(Settings, CaseSettings, SwitchboardSettings)),
        (
            "A switchboard\n\nThe only one; with `switchboards` what an entry leaves out is as it"
            " is set here ([lines.md](lines.md)).",
            _own(SwitchboardSettings),
        ),
        ("Cases and whom they are told to", _own(CaseSettings)),
    )
    tables = [f"## {title}\n\n{_table(fields)}" for title, fields in parts]
    return "\n\n".join((INTRODUCTION, *tables)) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
    sys.stdout.write(f"{PAGE}\n")

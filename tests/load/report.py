"""How a benchmark speaks: figures on stdout, one JSON object a line; the rest on stderr."""

import json
import sys
from collections.abc import Mapping, Sequence
from time import monotonic

_STARTED = monotonic()


def say(name: str, value: float, unit: str, compared: Mapping[str, object] | None = None) -> None:
    """One figure; ``compared`` names what it stands beside, or the aim it is judged by."""
    figure: dict[str, object] = {"name": name, "value": round(value, 3), "unit": unit}
    if compared is not None:
        figure["compared"] = dict(compared)
    sys.stdout.write(json.dumps(figure) + "\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"[{monotonic() - _STARTED:5.1f} s] {text}\n")
    sys.stderr.flush()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of ``values`` that at least ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    rank = max(1, -(-len(ordered) * share // 1))
    return ordered[int(rank) - 1]

"""How good proposals were: on held-out cases, or against what people chose. Pure."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

TOP = 3
BANDS = 10


@dataclass(slots=True)
class Tally:
    """Counts over cases whose category, or department, is known.

    ``first``: the first proposal was right; ``among``: one of the first `TOP` was. By band of the
    first one's confidence (0–10 %, 10–20 % …), and by what was right.
    """

    cases: int = 0
    first: int = 0
    among: int = 0
    band_cases: Counter[int] = field(default_factory=Counter)
    band_right: Counter[int] = field(default_factory=Counter)
    label_cases: Counter[int] = field(default_factory=Counter)
    label_first: Counter[int] = field(default_factory=Counter)
    label_among: Counter[int] = field(default_factory=Counter)

    def add(self, right: int, proposed: Sequence[int], confidence: float) -> None:
        """Count one case; ``confidence`` is that of the first proposal, 0 without one."""
        first, among = right in proposed[:1], right in proposed[:TOP]
        band = min(int(confidence * BANDS), BANDS - 1)
        self.cases += 1
        self.first += first
        self.among += among
        self.band_cases[band] += 1
        self.band_right[band] += first
        self.label_cases[right] += 1
        self.label_first[right] += first
        self.label_among[right] += among

    def to_json(self) -> dict[str, Any]:
        """Counts as they are stored with a model; labels are ids, the most frequent first."""
        return {
            "cases": self.cases,
            "first": self.first,
            "among": self.among,
            "bands": [
                {"from": band / BANDS, "cases": cases, "right": self.band_right[band]}
                for band, cases in sorted(self.band_cases.items())
            ],
            "labels": [
                {
                    "id": label,
                    "cases": cases,
                    "first": self.label_first[label],
                    "among": self.label_among[label],
                }
                for label, cases in self.label_cases.most_common()
            ],
        }

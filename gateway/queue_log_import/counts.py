"""What an import found, what it stored, and what it could not read."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self

_FIRST_FEW = 5
_MOST_NAMES = 100  # of events; what is beyond is no event but noise


@dataclass(slots=True)
class Trouble:
    """Lines that could not be used for one reason: how many, and the numbers of the first few."""

    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, number: int) -> None:
        """One more, line ``number`` (from 1)."""
        self.count += 1
        if len(self.first) < _FIRST_FEW:
            self.first.append(number)


@dataclass(slots=True)
class Counts:
    """Counts of the lines of one source."""

    lines: int = 0  # read and understood
    numbered: int = 0  # all lines, the unreadable and the empty ones as well
    calls: Counter[str] = field(default_factory=Counter)  # by outcome
    stretches: int = 0  # of seats
    unreadable: dict[str, Trouble] = field(default_factory=dict)
    unplaced: dict[str, Trouble] = field(default_factory=dict)  # readable, but of no known call
    unused: Counter[str] = field(default_factory=Counter)  # by event
    first_at: float = 0.0
    last_at: float = 0.0

    def read(self, event: str, at: float, *, used: bool) -> None:
        """A line was understood."""
        self.lines += 1
        self.first_at = min(self.first_at or at, at)
        self.last_at = max(self.last_at, at)
        if not used and (event in self.unused or len(self.unused) < _MOST_NAMES):
            self.unused[event] += 1

    def cannot_read(self, reason: str) -> None:
        """The line counted last is none."""
        self.unreadable.setdefault(reason, Trouble()).add(self.numbered)

    def cannot_place(self, reason: str) -> None:
        """The line counted last tells nothing of its call."""
        self.unplaced.setdefault(reason, Trouble()).add(self.numbered)

    def to_json(self) -> dict[str, Any]:
        """As kept beside the place of the import."""
        known = {name: getattr(self, name) for name in _PLAIN}
        known["calls"], known["unused"] = dict(self.calls), dict(self.unused)
        known["unreadable"] = _to_json(self.unreadable)
        known["unplaced"] = _to_json(self.unplaced)
        return known

    @classmethod
    def from_json(cls, known: dict[str, Any]) -> Self:
        """Inverse of `to_json`."""
        counts = cls(**{name: known[name] for name in _PLAIN})
        counts.calls, counts.unused = Counter(known["calls"]), Counter(known["unused"])
        counts.unreadable = _from_json(known["unreadable"])
        counts.unplaced = _from_json(known["unplaced"])
        return counts


_PLAIN = ("lines", "numbered", "stretches", "first_at", "last_at")


def _to_json(troubles: dict[str, Trouble]) -> dict[str, Any]:
    return {reason: [one.count, one.first] for reason, one in troubles.items()}


def _from_json(known: dict[str, Any]) -> dict[str, Trouble]:
    return {reason: Trouble(count, first) for reason, (count, first) in known.items()}

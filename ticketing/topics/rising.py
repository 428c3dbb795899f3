"""Whether something happens more often than before, beyond chance. Pure.

The period before says what to expect, scaled by how many cases there were at all: a word in 10 of
1,000 cases is expected in 20 of 2,000. Counts of rare things scatter by about their root (Poisson),
so the difference is measured in that:
``strength = (now - expected) / sqrt(now + scale² · before)``.
"""

from dataclasses import dataclass
from math import sqrt

CASES_MIN = 5  # fewer are not shown: they may tell of single people
REPEATS_MIN = 3
UNUSUAL = 2.0  # by chance alone one in some forty


@dataclass(frozen=True, slots=True)
class Totals:
    """Cases of the period and of the one before."""

    now: int
    before: int

    @property
    def scale(self) -> float | None:
        """By what counts before are multiplied; ``None``: there is nothing to compare with."""
        return self.now / self.before if self.before else None


@dataclass(frozen=True, slots=True)
class Rise:
    """Counts of now and before; ``expected`` and ``strength`` are ``None`` without data before."""

    now: int
    before: int
    expected: float | None
    strength: float | None

    @property
    def unusual(self) -> bool:
        """Whether it is more than chance."""
        return self.strength is not None and self.strength >= UNUSUAL


def rise(now: int, before: int, totals: Totals) -> Rise:
    """How ``now`` compares with what ``before`` lets one expect."""
    scale = totals.scale
    if scale is None:
        return Rise(now, before, None, None)
    expected = before * scale
    scatter = sqrt(now + scale * scale * before)
    return Rise(now, before, expected, (now - expected) / scatter if scatter else 0.0)


def is_hint(repeats: Rise) -> bool:
    """未诉先办: the same trouble comes back at a place more than before."""
    return repeats.now >= REPEATS_MIN and repeats.unusual

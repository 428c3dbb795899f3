"""Readiness: which parts of this process can do their work, each with a word why not."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Condition:
    """How one component is; ``detail`` is for the operator and holds no personal data."""

    ready: bool
    detail: str


class Readiness:
    """Component → condition. A component is unready from `expect` until it reports otherwise."""

    def __init__(self) -> None:
        self._conditions: dict[str, Condition] = {}

    def expect(self, *components: str) -> None:
        """Name components that this process has; they count as not ready until they report."""
        for component in components:
            self._conditions.setdefault(component, Condition(False, "not started"))

    def report(self, component: str, *, ready: bool, detail: str = "") -> None:
        """Set how ``component`` is now."""
        self._conditions[component] = Condition(ready, detail)

    @property
    def conditions(self) -> dict[str, Condition]:
        """A copy of all conditions."""
        return dict(self._conditions)

    @property
    def ready(self) -> bool:
        """All components are ready; nothing expected means not ready."""
        return bool(self._conditions) and all(c.ready for c in self._conditions.values())

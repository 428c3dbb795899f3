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
        self._alternatives: frozenset[str] = frozenset()

    def expect(self, *components: str) -> None:
        """Name components that this process has; they count as not ready until they report."""
        for component in components:
            self._conditions.setdefault(component, Condition(False, "not started"))

    def expect_any(self, *components: str) -> None:
        """The same, but one of these that is ready is enough: the process can work with that."""
        self.expect(*components)
        self._alternatives = frozenset(components)

    def report(self, component: str, *, ready: bool, detail: str = "") -> None:
        """Set how ``component`` is now."""
        self._conditions[component] = Condition(ready, detail)

    @property
    def conditions(self) -> dict[str, Condition]:
        """A copy of all conditions."""
        return dict(self._conditions)

    @property
    def ready(self) -> bool:
        """All components are ready, of alternatives one; nothing expected means not ready."""
        needed = self._conditions.keys() - self._alternatives
        one_of = [self._conditions[name].ready for name in self._alternatives]
        all_needed = all(self._conditions[name].ready for name in needed)
        return bool(self._conditions) and all_needed and (any(one_of) or not one_of)

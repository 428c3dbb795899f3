"""A memory of the latest things seen, bounded."""

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Recent(Generic[T]):
    """The latest ``size`` different values, oldest forgotten first."""

    __slots__ = ("_known", "_order", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._order: deque[T] = deque()
        self._known: set[T] = set()

    def add(self, value: T) -> bool:
        """Remember ``value``; ``False`` when it is known already."""
        if value in self._known:
            return False
        self._known.add(value)
        self._order.append(value)
        if len(self._order) > self._size:
            self._known.discard(self._order.popleft())
        return True

    def __contains__(self, value: T) -> bool:
        return value in self._known

    def __len__(self) -> int:
        return len(self._order)

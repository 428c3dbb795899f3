"""A memory of the latest things seen, bounded."""

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Recent(Generic[T]):
    """At least the latest ``size`` different values, at most twice as many."""

    __slots__ = ("_new", "_old", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: set[T] = set()
        self._old: set[T] = set()

    def add(self, value: T) -> bool:
        """Remember ``value``; ``False`` when it is known already."""
        if value in self._old:
            return False
        size = len(self._new)
        self._new.add(value)
        if len(self._new) == size:
            return False
        if size >= self._size:
            self._old, self._new = self._new, set()
        return True

    def __contains__(self, value: T) -> bool:
        return value in self._new or value in self._old

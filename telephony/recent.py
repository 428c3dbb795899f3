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


class Repeats:
    """Notices a message that is said again: the same bytes with the same time.

    Knows at least the latest ``size`` messages. Two messages rarely have the same microsecond, so
    the time finds the one that may be the same, and the bytes need no hash.
    """

    __slots__ = ("_new", "_old", "_others", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._new: dict[float, bytes] = {}
        self._old: dict[float, bytes] = {}
        self._others: Recent[bytes] = Recent(size)  # not the first of their time

    def is_new(self, at: float, raw: bytes) -> bool:
        """Remember ``raw``, said at ``at``; ``False`` when it is known already."""
        first = self._new.get(at) or self._old.get(at)
        if first is not None:
            return first != raw and self._others.add(raw)
        self._new[at] = raw
        if len(self._new) >= self._size:
            self._old, self._new = self._new, {}
        return True

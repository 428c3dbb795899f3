"""What becomes of warnings when a window is looked at again: begun, going on, over. Pure."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from ticketing.surges.clusters import Cluster

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Course(Generic[Key]):
    """Keys of what was found for the first time, found again, and not found for long enough."""

    begun: tuple[Key, ...]
    going_on: tuple[Key, ...]
    over: tuple[Key, ...]


def follow(
    found: Iterable[Key], known: Mapping[Key, datetime], *, now: datetime, calm: timedelta
) -> Course[Key]:
    """Compare what is ``found`` now with the open warnings and when each was last seen.

    One ends when it was not seen for ``calm``: a share that wavers about its limit is one warning.
    """
    present = dict.fromkeys(found)
    return Course(
        begun=tuple(key for key in present if key not in known),
        going_on=tuple(key for key in present if key in known),
        over=tuple(key for key, seen in known.items() if key not in present and now - seen >= calm),
    )


def recognise(
    found: Sequence[Cluster], known: Mapping[int, frozenset[int]]
) -> list[tuple[Cluster, int | None]]:
    """Each cluster with the id of the open warning that it is, if any.

    It is one when at least half of its cases are in it; of several the one that has most. No
    warning is given to two clusters.
    """
    pairs = sorted(
        (-len(members & set(cluster.cases)), surge_id, number)
        for number, cluster in enumerate(found)
        for surge_id, members in known.items()
        if 2 * len(members & set(cluster.cases)) >= len(cluster.cases)
    )
    taken: dict[int, int] = {}
    for _shared, surge_id, number in pairs:
        if number not in taken and surge_id not in taken.values():
            taken[number] = surge_id
    return [(cluster, taken.get(number)) for number, cluster in enumerate(found)]

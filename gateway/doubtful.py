"""Calls that were up while nobody listened: what is recorded of them is looked at when they end."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from telephony.events import CallRecord

SETTLE_S = 2.0  # until the switchboard's records and ours have both been written
TRIES = 5


@dataclass(slots=True)
class _Ended:
    call: CallRecord
    due_s: float
    tries: int = 0


@dataclass(slots=True)
class Doubtful:
    """By Uniqueid; times are those of one steady clock, seconds."""

    _up: set[str] = field(default_factory=set)
    _ended: dict[str, _Ended] = field(default_factory=dict)

    def are_up(self, uniqueids: Iterable[str]) -> None:
        """These calls were up when the switchboard could be heard again."""
        self._up |= set(uniqueids)

    def has_ended(self, call: CallRecord, now_s: float) -> bool:
        """Note that ``call`` has ended; ``True`` when it is one to be looked at."""
        if call.uniqueid not in self._up:
            return False
        self._up.discard(call.uniqueid)
        self._ended[call.uniqueid] = _Ended(call, now_s + SETTLE_S)
        return True

    def due_s(self) -> float | None:
        """When the next look is due, ``None`` when none is."""
        return min((one.due_s for one in self._ended.values()), default=None)

    def due(self, now_s: float) -> dict[str, CallRecord]:
        """The calls to be looked at now."""
        return {uid: one.call for uid, one in self._ended.items() if one.due_s <= now_s}

    def looked_at(self, uniqueids: Iterable[str], told: Iterable[str], now_s: float) -> None:
        """Those whose end was ``told`` are settled, the others are tried again a few times."""
        settled = set(told)
        for uniqueid in uniqueids:
            one = self._ended[uniqueid]
            one.tries += 1
            one.due_s = now_s + SETTLE_S
            if uniqueid in settled or one.tries >= TRIES:
                del self._ended[uniqueid]

"""The lines of a merged hotline: which number dialled is which line, and whose."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from telephony.events import LineMode


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line; ``number`` is the number dialled as the trunk delivers it, digits.

    ``department`` is the one in charge. ``district`` is empty for a line of the whole city.
    """

    number: str
    name: str
    mode: LineMode
    department: str = ""
    district: str = ""


class Place(NamedTuple):
    """Where a call belongs: mode of its line (``None``: not defined) and district."""

    mode: LineMode | None
    district: str


class LineBook:
    """The lines defined now. ``district`` is that of the switchboard: of calls whose line has none.

    A call is placed when it arrives; what is replaced later counts for later calls.
    """

    def __init__(self, district: str = "", lines: Iterable[Line] = ()) -> None:
        self.district = district
        self.lines: tuple[Line, ...] = ()
        self._places: dict[str, Place] = {}
        self.replace(lines)

    def replace(self, lines: Iterable[Line]) -> None:
        """Take these definitions in place of all former ones."""
        self.lines = tuple(lines)
        self._places = {
            line.number: Place(line.mode, line.district or self.district) for line in self.lines
        }

    def place(self, number: str) -> Place:
        """The place of a call that dialled ``number``; an undefined line is not guessed at."""
        return self._places.get(number) or Place(None, self.district)

"""Where a telephone number is from (号码归属地, T6).

That is where it was given out, which moves with its owner and, since numbers can be taken to other
operators, says nothing about the network. Of some new ranges nothing is known.
"""

import asyncio
import json
import sys
from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import structlog
from aiohttp import web

from gateway.errors import GatewayError

LOAD_S = 30.0
_LONGEST, _SHORTEST = 7, 2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PrefixTable:
    """Prefixes in the order of numbers, and the place of each one's name in ``areas``: 1 MB."""

    areas: Sequence[str]
    prefixes: "array[int]"
    places: "array[int]"

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Take what `china_prefixes` prints."""
        told = json.loads(text)
        return cls(told["areas"], array("I", told["prefixes"]), array("H", told["places"]))

    def find(self, number: str) -> str | None:
        """The area of a number in the national form; ``None`` when it is not known."""
        digits = number.removeprefix("0")
        mobile = number.startswith("1") and len(number) == 11
        landline = number.startswith("0") and not number.startswith("00")
        if not (digits.isascii() and digits.isdecimal()) or not (mobile or landline):
            return None
        for length in range(min(_LONGEST, len(digits)), _SHORTEST - 1, -1):
            prefix = int(digits[:length])
            at = bisect_left(self.prefixes, prefix)
            if at < len(self.prefixes) and self.prefixes[at] == prefix:
                return self.areas[self.places[at]]
        return None


class HomeAreas:
    """Finds areas; what is known is loaded once, before or when the first one is asked for."""

    def __init__(self) -> None:
        self._table: PrefixTable | None = None
        self._loading = asyncio.Lock()

    async def find(self, number: str) -> str | None:
        """The area of a number in the national form; ``None`` when it is not known."""
        return (await self.load()).find(number)

    async def load(self) -> PrefixTable:
        """What is known; nothing, with an error in the log, when it cannot be read.

        Agents can do without it: a citizen's call must not fail for it.
        """
        async with self._loading:
            if self._table is None:
                try:
                    self._table = PrefixTable.from_json(await _china())
                except GatewayError as error:
                    log.exception("home_areas_unknown", reason=str(error))
                    self._table = PrefixTable((), array("I"), array("H"))
            return self._table


HOME_AREAS: web.AppKey[HomeAreas] = web.AppKey("home_areas", HomeAreas)


async def _china() -> bytes:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway.china_prefixes"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for us: we end it
    )
    try:
        async with asyncio.timeout(LOAD_S):
            text, _ = await process.communicate()
    except TimeoutError:
        raise GatewayError(f"nothing within {LOAD_S} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise GatewayError(f"gateway.china_prefixes ended with {process.returncode}")
    return text

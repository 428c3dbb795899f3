"""A WebSocket of the real gateway whose frames are kept and waited for."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from tests.support.gateway import Api

Frame = dict[str, Any]
WAIT_S = 20.0


def of(digits: str) -> Callable[[Frame], bool]:
    """Frames about the caller whose number ends so."""
    return lambda frame: str(frame["data"]["caller"]).endswith(digits)


class LivePage:
    """Frames as a page gets them, in order; read all the time, as a page does."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self._grown = asyncio.Event()

    async def read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Take frames until the other side closes."""
        async for message in socket:
            self.take(json.loads(message.data))

    def take(self, frame: Frame) -> None:
        """Keep a frame."""
        self.frames.append(frame)
        self._grown.set()

    async def until(
        self, name: str, fits: Callable[[Frame], bool] = lambda _frame: True, *, seen: int = 0
    ) -> Frame:
        """The first frame with this name that fits, come or to come, but for the ``seen`` first."""
        try:
            async with asyncio.timeout(WAIT_S):
                while True:
                    self._grown.clear()
                    for frame in self.frames[seen:]:
                        if frame["name"] == name and fits(frame):
                            return frame
                    seen = len(self.frames)
                    await self._grown.wait()
        except TimeoutError:
            raise AssertionError(f"no {name} among {self.names()}") from None

    async def until_more(self, name: str) -> Frame:
        """The next frame with this name, to come."""
        return await self.until(name, seen=len(self.frames))

    def names(self) -> list[str]:
        """What came so far."""
        return [frame["name"] for frame in self.frames]


@asynccontextmanager
async def live_page(api: Api, page: LivePage | None = None) -> AsyncIterator[LivePage]:
    """The live wire of whoever is logged in, told to ``page``."""
    page = page or LivePage()
    async with api.session.ws_connect("/ws", origin=api.origin) as socket:
        reading = asyncio.create_task(page.read(socket))
        try:
            await page.until("hello")
            yield page
        finally:
            reading.cancel()


async def until(ask: Callable[[], Any], fits: Callable[[Any], bool], wait_s: float = WAIT_S) -> Any:
    """What ``ask`` (a coroutine function) gives once it fits; the last answer in the failure."""
    answer = None
    try:
        async with asyncio.timeout(wait_s):
            while True:
                answer = await ask()
                if fits(answer):
                    return answer
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"still not so after {wait_s} s: {answer}") from None

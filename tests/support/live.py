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


class LivePage:
    """Frames as a page gets them, in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.frames: list[Frame] = []

    async def until(self, name: str, fits: Callable[[Frame], bool] = lambda _frame: True) -> Frame:
        """The first frame with this name that fits, come or to come."""
        for frame in self.frames:
            if frame["name"] == name and fits(frame):
                return frame
        async with asyncio.timeout(WAIT_S):
            while True:
                message = await self._socket.receive()
                assert message.type is aiohttp.WSMsgType.TEXT, message
                frame = json.loads(message.data)
                self.frames.append(frame)
                if frame["name"] == name and fits(frame):
                    return frame

    def names(self) -> list[str]:
        """What came so far."""
        return [frame["name"] for frame in self.frames]


@asynccontextmanager
async def live_page(api: Api) -> AsyncIterator[LivePage]:
    """The live wire of whoever is logged in."""
    async with api.session.ws_connect("/ws", origin=api.origin) as socket:
        page = LivePage(socket)
        await page.until("hello")
        yield page


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

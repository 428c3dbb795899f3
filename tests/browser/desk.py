"""The pages as people use them, and the live wire in the test's hands."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from playwright.async_api import Page, WebSocketRoute, expect

PICTURES = Path(__file__).parents[2] / "test-report" / "browser"
RING_MS = 20_000
ANSWER_MS = 15_000


@dataclass
class Wire:
    """The page's WebSocket: frames pass through, can be repeated, the connection can be cut."""

    frames: list[str] = field(default_factory=list)
    _page_end: WebSocketRoute | None = None
    _server_end: WebSocketRoute | None = None

    def take(self, route: WebSocketRoute) -> None:
        """Handler for `Page.route_web_socket`."""
        self._page_end, self._server_end = route, route.connect_to_server()
        self._server_end.on_message(self._pass_on)

    def _pass_on(self, message: str | bytes) -> None:
        self.frames.append(str(message))
        assert self._page_end is not None
        self._page_end.send(message)

    def repeat(self, name: str) -> None:
        """Send the latest frame of this name once more."""
        found = [frame for frame in self.frames if json.loads(frame)["name"] == name]
        assert self._page_end is not None
        self._page_end.send(found[-1])

    async def cut(self) -> None:
        """End the connection on both sides."""
        assert self._page_end is not None
        assert self._server_end is not None
        await self._server_end.close()
        await self._page_end.close()


@dataclass
class Desk:
    """An agent's workbench."""

    page: Page
    wire: Wire

    async def ask_for_state(self, key: str) -> None:
        """Press the key of a seat state, once the switchboard has confirmed the one before."""
        await expect(self.page.locator(".choices [aria-busy=true]")).to_have_count(0)
        await self.page.keyboard.press(f"Alt+{key}")

    async def until_ringing(self) -> None:
        """Return when the pop of a call is shown."""
        await expect(self.page.get_by_label("来电弹屏")).to_be_visible(timeout=RING_MS)

    async def until_talking(self) -> None:
        """Return when the call is answered and its form is open."""
        await expect(self.page.get_by_label("当前通话")).to_contain_text(
            "通话中", timeout=ANSWER_MS
        )
        await expect(self.page.get_by_role("form", name="工单登记")).to_be_visible()

    async def write(self, kind: str, **texts: str) -> None:
        """Choose the kind and fill in fields of the case form by their labels."""
        await self.page.get_by_role("radio", name=kind).locator("..").click()
        for label, text in texts.items():
            await self.page.get_by_label(label, exact=True).fill(text)


async def sign_in(page: Page, login: str, password: str) -> None:
    """From the login page to the page of this person's role."""
    await page.goto("/login")
    await page.get_by_label("账号").fill(login)
    await page.get_by_label("密码").fill(password)
    await page.get_by_role("button", name="登录").click()
    await expect(page.locator(".link")).to_have_text("实时")


async def both_pictures(page: Page, name: str) -> None:
    """The same at the smallest and at the usual size of screens."""
    await picture(page, name)
    before = page.viewport_size
    await page.set_viewport_size({"width": 1920, "height": 1080})
    await picture(page, f"{name}-large")
    if before is not None:
        await page.set_viewport_size(before)


async def picture(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    await page.screenshot(path=PICTURES / f"{name}.png")


async def open_from_group(page: Page, name: str) -> None:
    """Open a page of the main navigation's drop-down."""
    await page.locator("nav .group").click()
    await page.get_by_role("menuitem", name=name, exact=True).click()


async def expect_not_in_group(page: Page, name: str) -> None:
    """The drop-down has other pages than this one."""
    await page.locator("nav .group").click()
    await expect(page.get_by_role("menuitem").first).to_be_visible()
    await expect(page.get_by_role("menuitem", name=name, exact=True)).to_have_count(0)

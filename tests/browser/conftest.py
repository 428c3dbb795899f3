"""A real Chromium on the built pages; every page's own errors fail the test that caused them."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    async_playwright,
    expect,
)

from deploy.build_pages import build_pages
from gateway.http.pages import DIST
from tests.browser.desk import Desk, Wire, sign_in
from tests.support.running_gateway import RunningGateway
from tests.support.web import Hotline

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Chromium itself reports requests that were refused; the pages show them to people.
EXPECTED = ("Failed to load resource", "WebSocket connection to")

OpenPage = Callable[[], Awaitable[Page]]


@pytest.fixture(scope="session")
def pages() -> None:
    """The pages are built from the present sources."""
    build_pages()


@pytest.fixture
async def browser(pages: None) -> AsyncIterator[Browser]:
    """Debian's Chromium, headless."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("needs Chromium (Debian package chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        yield browser
        await browser.close()


@asynccontextmanager
async def opening(browser: Browser, url: str) -> AsyncIterator[OpenPage]:
    """Opens pages of ``url``, each with a browser session of its own."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED):
            complaints.append(message.text)

    async def open_one() -> Page:
        context = await browser.new_context(
            base_url=url,
            viewport={"width": 1366, "height": 768},
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
        )
        contexts.append(context)
        page = await context.new_page()
        page.on("console", hear)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield open_one
    await asyncio.gather(*(context.close() for context in contexts))
    assert not complaints


@pytest.fixture
async def open_page(browser: Browser, running_gateway: RunningGateway) -> AsyncIterator[OpenPage]:
    """Opens pages of the whole system."""
    async with opening(browser, running_gateway.url) as open_one:
        yield open_one


@pytest.fixture
def dist(pages: None) -> Path:
    """The pages as they were built, for the HTTP surface without a switchboard."""
    return DIST


@pytest.fixture
async def open_surface(browser: Browser, hotline: Hotline) -> AsyncIterator[OpenPage]:
    """Opens pages of the HTTP surface alone, for what needs no switchboard."""
    async with opening(browser, str(hotline.server.make_url("/")).rstrip("/")) as open_one:
        yield open_one


@pytest.fixture
async def desk(open_page: OpenPage, running_gateway: RunningGateway) -> Desk:
    """The agent's workbench, signed in and ready for calls."""
    page, wire = await open_page(), Wire()
    await page.route_web_socket("**/ws", wire.take)
    await sign_in(page, running_gateway.agent_login, running_gateway.agent_password)
    await page.keyboard.press("Alt+J")
    await expect(page.locator(".state")).to_contain_text("就绪", timeout=10_000)
    return Desk(page, wire)

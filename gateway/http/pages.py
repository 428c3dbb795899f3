"""The pages built from `gateway/web`: one document and its assets."""

from pathlib import Path

from aiohttp import web

from gateway.http.endpoint import Endpoint, Inquiry, Nothing, endpoint
from gateway.http.problems import Problem, not_found

IMMUTABLE = "public, max-age=31536000, immutable"  # the build puts a hash into each name
DIST = Path(__file__).parent.parent / "web" / "dist"


def page_endpoints(dist: Path) -> tuple[Endpoint, ...]:
    """Endpoints that serve ``dist``, which may not be built yet."""

    @endpoint("GET", "/", access="public", answer=None)
    async def get_page(_inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
        """The page."""
        document = dist / "index.html"
        if not document.is_file():
            raise Problem(404, "页面还没有构建：请先运行 make run，或在 gateway/web 中构建")
        return web.FileResponse(document, headers={"Cache-Control": "no-cache"})

    @endpoint("GET", r"/assets/{name:[A-Za-z0-9_-][A-Za-z0-9._-]*}", access="public", answer=None)
    async def get_asset(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
        """A script, style or font of the page."""
        asset = dist / "assets" / inquiry.path("name")
        if not asset.is_file():
            raise not_found("文件")
        return web.FileResponse(asset, headers={"Cache-Control": IMMUTABLE})

    return get_page, get_asset

"""The pages built from `gateway/web`: one document under every path of its router, and assets."""

import re
from pathlib import Path

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from gateway.http.endpoint import Endpoint, Inquiry, Nothing, endpoint
from gateway.http.fields import CASE_NO
from gateway.http.problems import Problem, not_found

DIST = Path(__file__).parent.parent / "web" / "dist"
PATHS = (
    "/",
    "/login",
    "/enquiry",
    "/board",
    "/ringbacks",
    "/surges",
    "/inbox",
    "/campaigns",
    "/knowledge",
    "/cases",
    "/cases/new",
    f"/cases/{{case_no:{CASE_NO}}}",
    "/clocks",
    "/seat-figures",
    "/supervision",
    "/supervision/lists",
    "/supervision/topics",
    "/joints",
    "/lines",
    "/reconciliations",
    "/departments",
    "/categories",
    "/sheets",
    "/users",
    "/integrations",
    "/webhooks",
    "/notices",
    "/nuisance-marks",
    "/exclusions",
    "/audit",
)
ASSET = "[A-Za-z0-9_-][A-Za-z0-9._-]*"

_NAMED_BY_CONTENT = re.compile(r"-[A-Za-z0-9_-]{8}\.\w+$")  # as the build names what it makes
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATED = "no-cache"


class AnyQuery(BaseModel):
    """The query of a page is its router's business: filters, a case shown beside the desk."""

    model_config = ConfigDict(extra="ignore", frozen=True)


def page_endpoints(dist: Path) -> tuple[Endpoint, ...]:
    """Endpoints that serve ``dist``, which may not be built yet."""

    async def get_page(_inquiry: Inquiry[Nothing, AnyQuery]) -> web.StreamResponse:
        """The page."""
        document = dist / "index.html"
        if not document.is_file():
            raise Problem(404, "页面还没有构建：请先运行 make run，或在 gateway/web 中构建")
        return web.FileResponse(document, headers={"Cache-Control": REVALIDATED})

    @endpoint("GET", f"/assets/{{name:{ASSET}}}", access="public", answer=None)
    async def get_asset(inquiry: Inquiry[Nothing, Nothing]) -> web.StreamResponse:
        """A script, style, font or picture of the page."""
        name = inquiry.path("name")
        asset = dist / "assets" / name
        if not asset.is_file():
            raise not_found("文件")
        kept = IMMUTABLE if _NAMED_BY_CONTENT.search(name) else REVALIDATED
        return web.FileResponse(asset, headers={"Cache-Control": kept})

    pages = (
        endpoint("GET", path, access="public", query=AnyQuery, answer=None)(get_page)
        for path in PATHS
    )
    return *pages, get_asset

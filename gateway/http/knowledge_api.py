"""The knowledge base (知识库, C8): reading, writing, reviewing articles."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import EVERYONE, OVERSEERS, Role
from gateway.http.actors import actor_of, as_problems
from gateway.http.endpoint import Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import ARTICLE_ID, PLAIN, Code, Day, Page, Version
from gateway.http.knowledge_answers import (
    ArticleAnswer,
    VersionAnswer,
    VersionRow,
    full_article,
    version_answer,
    version_row,
)
from gateway.http.problems import not_found
from ticketing.knowledge.article import BODY_MAX, NOTE_MAX, TITLE_MAX, Draft, city_day
from ticketing.knowledge.articles import (
    ArticleStepRequest,
    create_article,
    find_article,
    save_draft,
    take_article_step,
)
from ticketing.knowledge.lifecycle import ArticleStep
from ticketing.knowledge.lists import Listed, Shelf, list_versions
from ticketing.knowledge.rights import rights_of

ARTICLES = "/api/v1/knowledge/articles"
ARTICLE = f"{ARTICLES}/{{article_id:{ARTICLE_ID}}}"
WRITERS = OVERSEERS | {Role.DEPARTMENT}


class ArticleText(Strict):
    """What is written; ``department`` and ``category`` are codes, dates are days of the city."""

    title: Annotated[str, Field(min_length=1, max_length=TITLE_MAX), PLAIN]
    body: Annotated[str, Field(min_length=1, max_length=BODY_MAX), PLAIN]
    department: Code
    category: Code | None = None
    valid_from: Day
    valid_until: Day | None = None
    review_due: Day


class DraftForm(ArticleText):
    """A changed draft, and the ``revision`` of the article that its writer has seen."""

    revision: Version


class ArticleStepForm(Strict):
    """A step, and the ``revision`` of the article that whoever takes it has seen.

    What it needs besides is told with the article (``allowed``).
    """

    step: ArticleStep
    revision: Version
    note: Annotated[str, Field(max_length=NOTE_MAX), PLAIN] = ""
    review_due: Day | None = None


class Shelves(Page):
    """A part of the list: ``department`` with all below it; ``due`` goes by the date of review."""

    shelf: Shelf = Shelf.PUBLISHED
    department: Code | None = None


@endpoint("GET", ARTICLES, access=EVERYONE, query=Shelves, answer=list[VersionRow])
async def list_articles(inquiry: Inquiry[Nothing, Shelves]) -> list[VersionRow]:
    """Articles that one may see, the newest first; those due for review by date, overdue first."""
    today = _today(inquiry)
    async with inquiry.services.database() as connection:
        rights = await rights_of(connection, actor_of(inquiry.person))
        wanted = Listed(**inquiry.query.model_dump())
        with as_problems():
            found = await list_versions(connection, wanted, rights, today=today)
    return [version_row(version, today) for version in found]


@endpoint("POST", ARTICLES, access=WRITERS, body=ArticleText, answer=ArticleAnswer, status=201)
async def post_article(inquiry: Inquiry[ArticleText, Nothing]) -> ArticleAnswer:
    """Begin an article as a draft of one's own department, or one below it."""
    actor, now = actor_of(inquiry.person), inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            draft = Draft(**inquiry.body.model_dump())
            article_id = await create_article(connection, draft, actor=actor, now=now)
        return await _read(inquiry, connection, article_id)


@endpoint("GET", ARTICLE, access=EVERYONE, answer=ArticleAnswer, problems=(404,))
async def get_article(inquiry: Inquiry[Nothing, Nothing]) -> ArticleAnswer:
    """One article; drafts for those who may write it."""
    async with inquiry.services.database() as connection:
        return await _read(inquiry, connection, _article_id(inquiry))


@endpoint(
    "GET",
    f"{ARTICLE}/versions/{{version:[1-9][0-9]{{0,5}}}}",
    access=EVERYONE,
    answer=VersionAnswer,
    problems=(404,),
)
async def get_article_version(inquiry: Inquiry[Nothing, Nothing]) -> VersionAnswer:
    """One version, with which somebody may have been answered once."""
    async with inquiry.services.database() as connection:
        rights = await rights_of(connection, actor_of(inquiry.person))
        with as_problems():
            article = await find_article(connection, _article_id(inquiry), rights)
    for version in article.versions:
        if version.version == int(inquiry.path("version")):
            return version_answer(version, _today(inquiry))
    raise not_found("这个版本")


@endpoint(
    "PUT",
    f"{ARTICLE}/draft",
    access=WRITERS,
    body=DraftForm,
    answer=ArticleAnswer,
    problems=(404, 409),
)
async def put_draft(inquiry: Inquiry[DraftForm, Nothing]) -> ArticleAnswer:
    """Change the draft, or begin one; what is published stays until the draft is approved."""
    actor, now = actor_of(inquiry.person), inquiry.services.clock()
    article_id = _article_id(inquiry)
    form = inquiry.body
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            draft = Draft(**form.model_dump(exclude={"revision"}))
            await save_draft(
                connection, article_id, draft, revision=form.revision, actor=actor, now=now
            )
        return await _read(inquiry, connection, article_id)


@endpoint(
    "POST",
    f"{ARTICLE}/steps",
    access=WRITERS,
    body=ArticleStepForm,
    answer=ArticleAnswer,
    problems=(404, 409),
)
async def post_article_step(inquiry: Inquiry[ArticleStepForm, Nothing]) -> ArticleAnswer:
    """Submit, approve, refuse, take back, discard, confirm or withdraw."""
    actor, now = actor_of(inquiry.person), inquiry.services.clock()
    article_id = _article_id(inquiry)
    wanted = ArticleStepRequest(**inquiry.body.model_dump())
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            await take_article_step(connection, article_id, wanted, actor=actor, now=now)
        return await _read(inquiry, connection, article_id)


async def _read(inquiry: Inquiry[Any, Any], connection: Any, article_id: int) -> ArticleAnswer:
    rights = await rights_of(connection, actor_of(inquiry.person))
    with as_problems():
        article = await find_article(connection, article_id, rights)
    return await full_article(connection, article, rights, inquiry)


def _article_id(inquiry: Inquiry[Any, Any]) -> int:
    return int(inquiry.path("article_id"))


def _today(inquiry: Inquiry[Any, Any]) -> date:
    return city_day(inquiry.services.clock())


ENDPOINTS = (
    list_articles,
    post_article,
    get_article,
    get_article_version,
    put_draft,
    post_article_step,
)

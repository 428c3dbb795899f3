"""Searching the knowledge base, and noting on a case which article answered it (C2, C8).

What is searched is sent in the body: the text of a case may hold what no URL may.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from gateway.auth.roles import CASE_STEPPERS, EVERYONE
from gateway.http.actors import actor_of, as_problems
from gateway.http.case_sight import case_for, handles
from gateway.http.case_step_api import CASE_PATH
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, ArticleId, Code
from gateway.http.knowledge_answers import VersionRow, version_row
from gateway.http.problems import Problem
from ticketing.knowledge.article import Version, city_day
from ticketing.knowledge.case_articles import articles_of_case, link_articles
from ticketing.knowledge.excerpt import excerpt
from ticketing.knowledge.lifecycle import ArticleState
from ticketing.knowledge.search import TEXT_MAX, Question, search


class SearchForm(Strict):
    """What is searched, as typed or as a case has it; empty: the newest articles.

    ``any_word`` asks for those that fit best, not for all words: right for long texts.
    """

    text: Annotated[str, Field(max_length=TEXT_MAX), PLAIN] = ""
    department: Code | None = None
    category: Code | None = None
    also_invalid: bool = False
    any_word: bool = False
    limit: Annotated[int, Field(ge=1, le=50)] = 20


class FoundArticle(VersionRow):
    """A published article with the part of its text that shows why it was found."""

    excerpt: str


class FoundAnswer(Answer):
    """The best of ``count`` articles, where 100 stands for as many and more.

    ``all_words``: every one of ``terms`` is in each of them.
    """

    terms: list[str]
    all_words: bool
    count: int
    articles: list[FoundArticle]


class ArticleLink(Strict):
    """The article that was used, in the version that is published now."""

    article_id: ArticleId


class CaseArticleAnswer(Answer):
    """An article on a case in the ``version`` that was used; ``state`` is that version's now."""

    article_id: int
    version: int
    title: str
    state: ArticleState
    linked_by: str
    linked_at: datetime


@endpoint("POST", "/api/v1/knowledge/search", access=EVERYONE, body=SearchForm, answer=FoundAnswer)
async def search_knowledge(inquiry: Inquiry[SearchForm, Nothing]) -> FoundAnswer:
    """Published articles that are valid today, those with the words in the title first."""
    today = city_day(inquiry.services.clock())
    question = Question(**inquiry.body.model_dump())
    async with inquiry.services.database() as connection:
        with as_problems():
            found = await search(connection, question, today=today)

    def row(version: Version) -> FoundArticle:
        part = excerpt(version.body, found.terms)
        return FoundArticle(**version_row(version, today).model_dump(), excerpt=part)

    return FoundAnswer(
        terms=found.terms,
        all_words=found.all_words,
        count=found.count,
        articles=[row(version) for version in found.versions],
    )


@endpoint(
    "GET",
    f"{CASE_PATH}/articles",
    access=EVERYONE,
    answer=list[CaseArticleAnswer],
    problems=(404,),
)
async def get_case_articles(inquiry: Inquiry[Nothing, Nothing]) -> list[CaseArticleAnswer]:
    """The articles that a case was answered with."""
    async with inquiry.services.database() as connection:
        case = await case_for(connection, inquiry.person, inquiry.path("case_no"))
        return await _linked(connection, case.case_id)


@endpoint(
    "POST",
    f"{CASE_PATH}/articles",
    access=CASE_STEPPERS,
    body=ArticleLink,
    answer=list[CaseArticleAnswer],
    problems=(404,),
)
async def post_case_article(inquiry: Inquiry[ArticleLink, Nothing]) -> list[CaseArticleAnswer]:
    """Note on a case the article that answers it; once noted it stays, in its version."""
    person, now = inquiry.person, inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        case = await case_for(connection, person, inquiry.path("case_no"))
        if not await handles(connection, case, person):
            raise Problem(403, "您只能查看这份工单，不能引用文章")
        with as_problems():
            chosen = (inquiry.body.article_id,)
            await link_articles(connection, case.case_id, chosen, actor=actor_of(person), now=now)
        return await _linked(connection, case.case_id)


async def _linked(connection: Any, case_id: int) -> list[CaseArticleAnswer]:
    return [CaseArticleAnswer.about(each) for each in await articles_of_case(connection, case_id)]


ENDPOINTS = (search_knowledge, get_case_articles, post_case_article)

"""Articles of the knowledge base as the API tells them."""

from datetime import date, datetime
from typing import Any

from gateway.http.endpoint import Answer, Inquiry
from gateway.http.named_answers import NamedAnswer, named_answer
from ticketing.knowledge.article import Article, Version, city_day
from ticketing.knowledge.articles import article_history
from ticketing.knowledge.lifecycle import OPEN_STATES, TABLE, ArticleState, ArticleStep, Need
from ticketing.knowledge.rights import Rights
from ticketing.knowledge.taking import allowed


class VersionRow(Answer):
    """A version as lists show it; ``valid``: people may be answered with it today."""

    article_id: int
    version: int
    state: ArticleState
    title: str
    department: NamedAnswer
    category: NamedAnswer | None
    valid_from: date
    valid_until: date | None
    valid: bool
    review_due: date
    writers: list[str]
    approved_by: str | None
    published_at: datetime | None
    changed_at: datetime


class VersionAnswer(VersionRow):
    """A version with its text: lines that begin with ``# `` are headings, with ``- `` items."""

    body: str


class AllowedArticleStep(Answer):
    """A step that whoever asks may take now, on ``version``, and what it needs."""

    step: ArticleStep
    version: int
    needs: Need | None


class ArticleEntryAnswer(Answer):
    """One thing that was done."""

    version: int
    at: datetime
    actor: str
    step: ArticleStep
    note: str


class ArticleAnswer(Answer):
    """An article: ``shown`` is the published version, or the newest that one may see.

    ``draft`` is being written, ``may_write`` says whether one may. ``history`` is for who may.
    """

    article_id: int
    revision: int
    shown: VersionAnswer
    draft: VersionAnswer | None
    versions: list[VersionRow]
    may_write: bool
    allowed: list[AllowedArticleStep]
    history: list[ArticleEntryAnswer]


def version_row(version: Version, today: date) -> VersionRow:
    """A version without its text."""
    return VersionRow(**_terms(version, today))


def version_answer(version: Version, today: date) -> VersionAnswer:
    """A version with its text."""
    return VersionAnswer(**_terms(version, today), body=version.body)


def _terms(version: Version, today: date) -> dict[str, Any]:
    return {
        "article_id": version.article_id,
        "version": version.version,
        "state": version.state,
        "title": version.title,
        "department": named_answer(version.department),
        "category": named_answer(version.category),
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "valid": version.is_valid(today),
        "review_due": version.review_due,
        "writers": list(version.writers),
        "approved_by": version.approved_by,
        "published_at": version.published_at,
        "changed_at": version.changed_at,
    }


async def full_article(
    connection: Any, article: Article, rights: Rights, inquiry: Inquiry[Any, Any]
) -> ArticleAnswer:
    """An article as whoever asks may see it."""
    today, may_write = city_day(inquiry.services.clock()), rights.may_write(article)
    shown = article.published or article.versions[0]
    history = await article_history(connection, article.article_id) if may_write else []
    return ArticleAnswer(
        article_id=article.article_id,
        revision=article.revision,
        shown=version_answer(shown, today),
        draft=version_answer(article.open, today) if article.open else None,
        versions=[version_row(version, today) for version in article.versions],
        may_write=may_write,
        allowed=_allowed(article, rights, inquiry.person.login),
        history=[ArticleEntryAnswer.about(entry) for entry in history],
    )


def _allowed(article: Article, rights: Rights, login: str) -> list[AllowedArticleStep]:
    """Steps of the version being written, then of the published one; a draft is saved elsewhere."""
    return [
        AllowedArticleStep(
            step=step, version=version.version, needs=TABLE[version.state, step].needs
        )
        for version in article.versions
        if version.state in OPEN_STATES | {ArticleState.PUBLISHED}
        for step in allowed(version, rights.hands(version), login)
        if step is not ArticleStep.SAVED
    ]

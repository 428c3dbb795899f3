"""What readers say of the knowledge base, and what comes of it (C8)."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from gateway.auth.roles import EVERYONE
from gateway.http.actors import actor_of, as_problems
from gateway.http.endpoint import Answer, Inquiry, Nothing, Strict, endpoint
from gateway.http.fields import PLAIN, ArticleId, Page
from gateway.http.knowledge_api import ARTICLE, WRITERS
from gateway.http.named_answers import NamedAnswer, named_answer
from ticketing.knowledge import feedback
from ticketing.knowledge.feedback import TEXT_MAX, WORDS_MAX, Feedback, FeedbackKind, Settlement

FEEDBACK = "/api/v1/knowledge/feedback"


class Remark(Strict):
    """What is the matter with an article."""

    kind: FeedbackKind
    text: Annotated[str, Field(min_length=1, max_length=TEXT_MAX), PLAIN]


class MissingArticle(Strict):
    """The words for which there is no article, and what was wanted."""

    words: Annotated[str, Field(min_length=1, max_length=WORDS_MAX), PLAIN]
    text: Annotated[str, Field(max_length=TEXT_MAX), PLAIN] = ""


class SettlementForm(Strict):
    """What comes of a remark; a rejection needs its reason as ``answer``."""

    outcome: Settlement
    answer: Annotated[str, Field(max_length=TEXT_MAX), PLAIN] = ""


class FeedbackFilter(Page):
    """A part of the list of remarks, of one article or of all."""

    settled: bool = False
    article_id: ArticleId | None = None


class FeedbackAnswer(Answer):
    """A remark; without an article it says that there is none for ``words``.

    ``may_settle``: whoever asks may say what comes of it.
    """

    feedback_id: int
    article_id: int | None
    version: int | None
    title: str | None
    department: NamedAnswer | None
    kind: FeedbackKind
    words: str
    text: str
    given_by: str
    given_at: datetime
    outcome: Settlement | None
    answer: str
    settled_by: str | None
    settled_at: datetime | None
    may_settle: bool


@endpoint(
    "POST",
    f"{ARTICLE}/feedback",
    access=EVERYONE,
    body=Remark,
    answer=FeedbackAnswer,
    status=201,
    problems=(404, 409),
)
async def post_feedback(inquiry: Inquiry[Remark, Nothing]) -> FeedbackAnswer:
    """Say that an article is wrong, unclear, or lacks something; its department settles it."""
    article_id, form = int(inquiry.path("article_id")), inquiry.body
    actor, now = actor_of(inquiry.person), inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            given = await feedback.give_feedback(
                connection, article_id, form.kind, form.text, actor=actor, now=now
            )
    return _answer(given, may_settle=False)


@endpoint("POST", FEEDBACK, access=EVERYONE, body=MissingArticle, answer=FeedbackAnswer, status=201)
async def post_missing_article(inquiry: Inquiry[MissingArticle, Nothing]) -> FeedbackAnswer:
    """Say that there is no article for what was searched; supervisors settle it."""
    actor, now, form = actor_of(inquiry.person), inquiry.services.clock(), inquiry.body
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            given = await feedback.report_missing(
                connection, form.words, form.text, actor=actor, now=now
            )
    return _answer(given, may_settle=False)


@endpoint("GET", FEEDBACK, access=EVERYONE, query=FeedbackFilter, answer=list[FeedbackAnswer])
async def list_feedback(inquiry: Inquiry[Nothing, FeedbackFilter]) -> list[FeedbackAnswer]:
    """Remarks on articles that one may write, and one's own, the newest first."""
    actor, query = actor_of(inquiry.person), inquiry.query
    async with inquiry.services.database() as connection:
        found = await feedback.list_feedback(connection, actor, **query.model_dump())
    return [_answer(each, may_settle=may_settle) for each, may_settle in found]


@endpoint(
    "POST",
    f"{FEEDBACK}/{{feedback_id:[1-9][0-9]{{0,17}}}}/settle",
    access=WRITERS,
    body=SettlementForm,
    answer=FeedbackAnswer,
    problems=(404, 409),
)
async def settle_feedback(inquiry: Inquiry[SettlementForm, Nothing]) -> FeedbackAnswer:
    """Say what comes of a remark, once."""
    feedback_id, form = int(inquiry.path("feedback_id")), inquiry.body
    actor, now = actor_of(inquiry.person), inquiry.services.clock()
    async with inquiry.services.database() as connection, connection.transaction():
        with as_problems():
            settled = await feedback.settle_feedback(
                connection, feedback_id, form.outcome, form.answer, actor=actor, now=now
            )
    return _answer(settled, may_settle=False)


def _answer(given: Feedback, *, may_settle: bool) -> FeedbackAnswer:
    return FeedbackAnswer(
        feedback_id=given.feedback_id,
        article_id=given.article_id,
        version=given.version,
        title=given.title,
        department=named_answer(given.department),
        kind=given.kind,
        words=given.words,
        text=given.text,
        given_by=given.given_by,
        given_at=given.given_at,
        outcome=given.outcome,
        answer=given.answer,
        settled_by=given.settled_by,
        settled_at=given.settled_at,
        may_settle=may_settle,
    )


ENDPOINTS = (post_feedback, post_missing_article, list_feedback, settle_feedback)

"""What an article is: its text, a stored version of it, an entry of its history."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any, Self

from ticketing.case import Named, check_text, named
from ticketing.clocks.working_time import CITY
from ticketing.errors import FieldInvalidError
from ticketing.knowledge.lifecycle import OPEN_STATES, ArticleState, ArticleStep

TITLE_MAX = 100
BODY_MAX = 10_000
NOTE_MAX = 1000


def city_day(now: datetime) -> date:
    """The day in the city, by which validity and reviews go."""
    return now.astimezone(CITY).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is written: plain text; lines that begin with ``# `` are headings, with ``- `` items.

    ``department`` and ``category`` are codes. Valid on ``valid_until`` still; for ever without it.
    """

    title: str
    body: str
    department: str
    category: str | None = None
    valid_from: date
    valid_until: date | None = None
    review_due: date

    def __post_init__(self) -> None:
        """Raise `FieldInvalidError` for a text or a date that cannot be."""
        check_text("title", "标题", self.title, TITLE_MAX)
        check_text("body", "正文", self.body, BODY_MAX)
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise FieldInvalidError("valid_until", "有效期的终止日期不能早于起始日期")


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A stored version of an article; ``writers`` are the logins of all who wrote it."""

    article_id: int
    version_id: int
    version: int
    state: ArticleState
    department_id: int
    department: Named
    category: Named | None
    title: str
    body: str
    valid_from: date
    valid_until: date | None
    review_due: date
    writers: tuple[str, ...]
    approved_by: str | None
    published_at: datetime | None
    changed_at: datetime

    def is_valid(self, today: date) -> bool:
        """Whether people may be answered with it on that day."""
        begun = self.valid_from <= today
        return self.state is ArticleState.PUBLISHED and begun and not self.has_run_out(today)

    def has_run_out(self, today: date) -> bool:
        """Whether its time is over."""
        return self.valid_until is not None and self.valid_until < today

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `versions_by_ids` or `versions_of_article` in ``sql/articles.sql``."""
        typed: dict[str, Any] = {
            "state": ArticleState(row["state"]),
            "department": Named(row["department_code"], row["department_name"]),
            "category": named(row["category_code"], row["category_name"]),
            "writers": tuple(row["writers"]),
        }
        same = {field.name: row[field.name] for field in fields(cls) if field.name not in typed}
        return cls(**typed, **same)


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """An article with all its versions, the newest first."""

    article_id: int
    revision: int
    versions: tuple[Version, ...]

    @property
    def published(self) -> Version | None:
        """The version that people read."""
        found = (one for one in self.versions if one.state is ArticleState.PUBLISHED)
        return next(found, None)

    @property
    def open(self) -> Version | None:
        """The version that is being written."""
        return next((one for one in self.versions if one.state in OPEN_STATES), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleEntry:
    """One thing done to an article."""

    revision: int
    version: int
    at: datetime
    actor: str
    step: ArticleStep
    note: str

    @classmethod
    def from_row(cls, row: Any) -> Self:
        """Take a row of `history_of_article`."""
        names = ("revision", "version", "at", "actor", "note")
        return cls(step=ArticleStep(row["step"]), **{name: row[name] for name in names})

"""What somebody may do to a version now, judged by the table alone."""

from collections.abc import Collection, Iterator
from datetime import date

from ticketing.errors import ConflictError, FieldInvalidError, StepForbiddenError
from ticketing.knowledge.article import Version
from ticketing.knowledge.lifecycle import (
    NEED_WORDS,
    STATE_WORDS,
    STEP_WORDS,
    TABLE,
    ArticleStep,
    ArticleTransition,
    Hand,
    Need,
)


def allowed(version: Version, hands: Collection[Hand], login: str) -> Iterator[ArticleStep]:
    """The steps that may be taken on a version now, in the order of the table."""
    for (state, step), row in TABLE.items():
        if state is version.state and row.hand in hands and not _own(row, version, login):
            yield step


def take(
    version: Version, step: ArticleStep, hands: Collection[Hand], login: str
) -> ArticleTransition:
    """The row of a step.

    Raises `ConflictError` when the table has none now, `StepForbiddenError` when it is for others;
    both say what may be done instead.
    """
    row = TABLE.get((version.state, step))
    words = "、".join(STEP_WORDS[one] for one in allowed(version, hands, login))
    instead = f"您现在可以：{words}" if words else "您现在不能对它进行任何操作"
    if row is None:
        raise ConflictError(f"文章{STATE_WORDS[version.state]}，不能{STEP_WORDS[step]}。{instead}")
    if row.hand not in hands:
        raise StepForbiddenError(f"您不能对这篇文章{STEP_WORDS[step]}。{instead}")
    if _own(row, version, login):
        raise StepForbiddenError(f"不能审核自己编写的文章，请由他人审核。{instead}")
    return row


def check_needs(
    step: ArticleStep, row: ArticleTransition, note: str, review_due: date | None, *, today: date
) -> None:
    """Raise `FieldInvalidError` for what a step lacks, or does not take."""
    if row.needs is Need.NOTE and not note.strip():
        raise FieldInvalidError("note", f"{STEP_WORDS[step]}必须填写{NEED_WORDS[Need.NOTE]}")
    if row.needs is not Need.REVIEW_DUE:
        if review_due is not None:
            raise FieldInvalidError("review_due", f"{STEP_WORDS[step]}不填写下次复核日期")
    elif review_due is None:
        raise FieldInvalidError("review_due", f"{STEP_WORDS[step]}必须填写下次复核日期")
    elif review_due <= today:
        raise FieldInvalidError("review_due", "下次复核日期必须晚于今天")


def _own(row: ArticleTransition, version: Version, login: str) -> bool:
    return row.others_only and login in version.writers

"""The life of a version of an article as one table; nothing is decided anywhere else (C8).

An article has at most one version that is being written (draft, in review) and one that is
published; the second stays until the first takes its place.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class ArticleState(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"  # 草稿
    IN_REVIEW = "in_review"  # 待审核
    PUBLISHED = "published"  # 已发布
    REPLACED = "replaced"  # 已被新版本替换
    WITHDRAWN = "withdrawn"  # 已下架
    DISCARDED = "discarded"  # 已放弃, never published


class ArticleStep(StrEnum):
    """What was done; each is one entry of the article's history."""

    SAVED = "saved"  # 保存: the draft was begun or changed
    SUBMITTED = "submitted"  # 送审
    TAKEN_BACK = "taken_back"  # 撤回送审
    REFUSED = "refused"  # 审核退回
    APPROVED = "approved"  # 审核通过并发布
    DISCARDED = "discarded"  # 放弃草稿
    CONFIRMED = "confirmed"  # 复核无误: reviewed when due, still right
    WITHDRAWN = "withdrawn"  # 下架


class Hand(StrEnum):
    """What somebody is to an article."""

    WRITER = "writer"  # 编写: its department, those above it, supervisors, administrators
    APPROVER = "approver"  # 审核: supervisors, administrators


class Need(StrEnum):
    """What a step needs besides itself."""

    NOTE = "note"  # 理由
    REVIEW_DUE = "review_due"  # 下次复核日期


@dataclass(frozen=True, slots=True)
class ArticleTransition:
    """One row: ``others_only`` refuses it to whoever wrote the version."""

    to: ArticleState
    hand: Hand
    needs: Need | None = None
    others_only: bool = False


_S, _D, _H = ArticleState, ArticleStep, Hand
_OPEN = (_S.DRAFT, _S.IN_REVIEW)

TABLE: Mapping[tuple[ArticleState, ArticleStep], ArticleTransition] = {
    (_S.DRAFT, _D.SAVED): ArticleTransition(_S.DRAFT, _H.WRITER),
    (_S.DRAFT, _D.SUBMITTED): ArticleTransition(_S.IN_REVIEW, _H.WRITER),
    (_S.DRAFT, _D.DISCARDED): ArticleTransition(_S.DISCARDED, _H.WRITER),
    (_S.IN_REVIEW, _D.TAKEN_BACK): ArticleTransition(_S.DRAFT, _H.WRITER),
    (_S.IN_REVIEW, _D.REFUSED): ArticleTransition(_S.DRAFT, _H.APPROVER, Need.NOTE),
    (_S.IN_REVIEW, _D.APPROVED): ArticleTransition(_S.PUBLISHED, _H.APPROVER, others_only=True),
    (_S.PUBLISHED, _D.CONFIRMED): ArticleTransition(_S.PUBLISHED, _H.WRITER, Need.REVIEW_DUE),
    (_S.PUBLISHED, _D.WITHDRAWN): ArticleTransition(_S.WITHDRAWN, _H.APPROVER, Need.NOTE),
}
"""By (state of the version before, step)."""

OPEN_STATES = frozenset(_OPEN)
ONCE_PUBLISHED = frozenset({_S.PUBLISHED, _S.REPLACED, _S.WITHDRAWN})
"""Read by everyone: somebody may have been answered with it."""

STATE_WORDS: Mapping[ArticleState, str] = {
    _S.DRAFT: "草稿",
    _S.IN_REVIEW: "待审核",
    _S.PUBLISHED: "已发布",
    _S.REPLACED: "已被新版本替换",
    _S.WITHDRAWN: "已下架",
    _S.DISCARDED: "已放弃",
}
STEP_WORDS: Mapping[ArticleStep, str] = {
    _D.SAVED: "保存",
    _D.SUBMITTED: "送审",
    _D.TAKEN_BACK: "撤回送审",
    _D.REFUSED: "审核退回",
    _D.APPROVED: "审核通过",
    _D.DISCARDED: "放弃草稿",
    _D.CONFIRMED: "复核无误",
    _D.WITHDRAWN: "下架",
}
NEED_WORDS: Mapping[Need, str] = {Need.NOTE: "理由", Need.REVIEW_DUE: "下次复核日期"}

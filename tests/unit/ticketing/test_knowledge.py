"""C8: the table of an article's life, what tells most of a question, excerpts."""

from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.case import Named
from ticketing.errors import ConflictError, FieldInvalidError, StepForbiddenError
from ticketing.knowledge.article import Article, Draft, Version, city_day
from ticketing.knowledge.excerpt import LENGTH, excerpt
from ticketing.knowledge.lifecycle import (
    OPEN_STATES,
    TABLE,
    ArticleState,
    ArticleStep,
    Hand,
    Need,
)
from ticketing.knowledge.rights import Rights
from ticketing.knowledge.taking import allowed, check_needs, take
from ticketing.knowledge.telling_words import MOST_WORDS, telling_words

TODAY = date(2026, 11, 23)


def version(state: ArticleState = ArticleState.PUBLISHED, **changed: object) -> Version:
    terms: dict[str, object] = {
        "article_id": 1,
        "version_id": 1,
        "version": 1,
        "state": state,
        "department_id": 7,
        "department": Named("D7", "部门"),
        "category": None,
        "title": "标题",
        "body": "正文",
        "valid_from": date(2026, 1, 1),
        "valid_until": None,
        "review_due": date(2027, 1, 1),
        "writers": ("li",),
        "approved_by": None,
        "published_at": None,
        "changed_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    return Version(**(terms | changed))  # type: ignore[arg-type]  # names and types as above


@pytest.mark.parametrize("login", ["li", "wang"])
@pytest.mark.parametrize("hands", [set(), {Hand.WRITER}, {Hand.APPROVER}, set(Hand)])
def test_allowed_is_what_the_table_has(hands: set[Hand], login: str) -> None:
    for state, step in product(ArticleState, ArticleStep):
        row, one = TABLE.get((state, step)), version(state)
        own = row is not None and row.others_only and login in one.writers
        if row is None:
            with pytest.raises(ConflictError):
                take(one, step, hands, login)
        elif row.hand not in hands or own:
            with pytest.raises(StepForbiddenError):
                take(one, step, hands, login)
        else:
            assert take(one, step, hands, login) is row
        assert (step in set(allowed(one, hands, login))) is (
            row is not None and row.hand in hands and not own
        )


def test_nothing_is_published_but_by_approval_of_somebody_else() -> None:
    ways = [(state, step, row) for (state, step), row in TABLE.items() if state in OPEN_STATES]
    published = [(step, row) for _, step, row in ways if row.to is ArticleState.PUBLISHED]
    assert [(step, row.hand, row.others_only) for step, row in published] == [
        (ArticleStep.APPROVED, Hand.APPROVER, True)
    ]


def test_needs_of_steps() -> None:
    noted = TABLE[ArticleState.PUBLISHED, ArticleStep.WITHDRAWN]
    dated = TABLE[ArticleState.PUBLISHED, ArticleStep.CONFIRMED]
    assert (noted.needs, dated.needs) == (Need.NOTE, Need.REVIEW_DUE)
    check_needs(ArticleStep.WITHDRAWN, noted, "过时", None, today=TODAY)
    check_needs(ArticleStep.CONFIRMED, dated, "", date(2026, 11, 24), today=TODAY)
    for step, row, note, due, field in (
        (ArticleStep.WITHDRAWN, noted, " ", None, "note"),
        (ArticleStep.WITHDRAWN, noted, "过时", TODAY, "review_due"),
        (ArticleStep.CONFIRMED, dated, "", None, "review_due"),
        (ArticleStep.CONFIRMED, dated, "", TODAY, "review_due"),
    ):
        with pytest.raises(FieldInvalidError) as wrong:
            check_needs(step, row, note, due, today=TODAY)
        assert wrong.value.field == field


def test_valid_from_the_first_day_to_the_last() -> None:
    one = version(valid_from=TODAY, valid_until=date(2026, 11, 25))
    days = [date(2026, 11, day) for day in (22, 23, 25, 26)]
    assert [one.is_valid(day) for day in days] == [False, True, True, False]
    assert not version(ArticleState.WITHDRAWN).is_valid(TODAY)
    assert city_day(datetime(2026, 11, 23, 16, 0, tzinfo=UTC)) == date(2026, 11, 24)
    with pytest.raises(FieldInvalidError, match="有效期"):
        Draft(
            title="标题",
            body="正文",
            department="D1",
            valid_from=TODAY,
            valid_until=date(2026, 11, 22),
            review_due=TODAY,
        )


def test_rights() -> None:
    department, agent = Rights(False, frozenset({7, 8})), Rights(False, frozenset())
    chief = Rights(True, frozenset())
    draft = version(ArticleState.DRAFT)
    assert (department.hands(draft), agent.hands(draft)) == ({Hand.WRITER}, set())
    assert chief.hands(draft) == set(Hand)
    assert [one.sees(draft) for one in (department, agent, chief)] == [True, False, True]
    assert agent.sees(version(ArticleState.WITHDRAWN))
    article = Article(article_id=1, revision=1, versions=(draft, version()))
    assert (article.open, article.published) == (draft, version())


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 60_000)), st.integers(1, 60_000))
def test_telling_words_are_the_rarest(counts: dict[str, int], published: int) -> None:
    chosen = telling_words(list(counts), counts, published)
    assert len(chosen) <= MOST_WORDS
    assert bool(chosen) is any(counts.values())
    assert all(counts[word] > 0 and weight > 0 for word, weight in chosen.items())
    numbers = [counts[word] for word in chosen]
    assert numbers == sorted(numbers)


def test_common_words_tell_nothing_beside_rare_ones() -> None:
    counts = {"办理": 40_000, "居住证": 300, "积分": 900, "没有": 0}
    assert list(telling_words(list(counts), counts, 50_000)) == ["居住证", "积分"]
    assert list(telling_words(["办理", "没有"], counts, 50_000)) == ["办理"]


@given(st.text(), st.lists(st.text(min_size=1), max_size=3))
def test_excerpt_is_one_short_line(body: str, terms: list[str]) -> None:
    shown = excerpt(body, terms)
    assert "\n" not in shown
    assert len(shown) <= LENGTH + 2


def test_excerpt_begins_shortly_before_the_first_word() -> None:
    body = "# 办理条件\n" + "- 其他说明\n" * 30 + "- 持有居住证满六个月"
    assert "居住证" in excerpt(body, ["居住证"])
    assert excerpt("# 条件\n\n- 甲\n- 乙", []) == "条件 甲 乙"

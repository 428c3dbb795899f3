"""Words of texts and questions agree: any passage of a text finds it (C8)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketing.tokens import MOST_TERMS, index_text, query_of, search_terms

SENTENCES = (
    "宝山区淞发路与沪太路口的路灯坏了三盏，晚上很黑，希望市住建局尽快派人维修。",
    "小区物业公司擅自提高物业费收取标准，每平方米由1.8元涨到2.5元，业主大会没有同意。",
    "灵活就业人员如何缴纳社保？外地户口能否在本市办理居住证积分，ＷＩＦＩ密码 ABC123",
    "他刚出发路过入住建材市场，研究生命起源。",
)
CHINESE = st.lists(
    st.sampled_from([*SENTENCES, "的", "了吗", "𠀀𠀁㐀"])
    | st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF), max_size=6),
    max_size=6,
).map(lambda parts: re.sub(r"[!-~！-～]", "，", "".join(parts)))
TEXTS = st.lists(CHINESE | st.text(max_size=6), max_size=6).map("".join)


def _finds(question: str, text: str) -> bool:
    stored = index_text(text).split()
    return all(
        any(word.startswith(term) for word in stored) if len(term) == 1 else term in stored
        for term in search_terms(question)
    )


@given(CHINESE, st.data())
def test_any_passage_of_a_chinese_text_finds_it(text: str, data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, len(text)))
    assert _finds(text[begin:end], text)


@given(st.lists(TEXTS, max_size=5), st.data())
def test_whole_words_of_any_text_find_it(texts: list[str], data: st.DataObject) -> None:
    begin = data.draw(st.integers(0, len(texts)))
    end = data.draw(st.integers(begin, len(texts)))
    assert _finds(" ".join(texts[begin:end]), " ".join(texts))


@given(TEXTS)
def test_words_are_letters_and_digits_alone(text: str) -> None:
    for word in [*index_text(text).split(" "), *search_terms(text)]:
        assert re.fullmatch(r"[^\W_]*", word), word
        assert word == word.lower()


@given(TEXTS)
def test_a_question_has_few_terms_each_once_and_some_if_it_says_anything(text: str) -> None:
    terms = search_terms(text)
    assert len(terms) == len(set(terms)) <= MOST_TERMS
    assert bool(terms) == bool(index_text(text))


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("物业费", ["物业费"]),
        ("住建局", ["住建", "建局"]),  # no word of the dictionary
        ("淞发路 路灯", ["淞发", "发路", "路灯"]),
        ("请问居住证怎么办理？", ["居住证", "办理"]),
        ("怎么办", ["怎么办"]),
        ("水费贵", ["水费"]),
        ("水", ["水"]),
        ("ＷｉＦｉ 密码", ["wifi", "密码"]),
        ("!*& | ':", []),
    ],
)
def test_terms_of_a_question(question: str, terms: list[str]) -> None:
    assert search_terms(question) == terms


def test_a_name_is_not_found_by_its_characters_scattered() -> None:
    assert not _finds("住建局", "入住的居民建议教育局处理")
    assert _finds("淞发路", "在淞发路口")


def test_a_query_wants_all_or_any_of_its_terms() -> None:
    assert query_of(["物业费", "停水"]) == "物业费 & 停水"
    assert query_of(["物业费", "停水"], "any") == "物业费 | 停水"
    assert query_of(["水"]) == "水:*"
    assert query_of([]) == ""

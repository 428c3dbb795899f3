"""Words of Chinese text for PostgreSQL's full-text search: of what is stored and what is asked.

`index_text` gives what ``to_tsvector('simple', …)`` is to see of a text, `search_terms` and
`query_of` what ``to_tsquery('simple', …)`` is to see of a question. Chinese has no spaces, and a
dictionary cuts the same characters differently in different company. So a text is stored as every
pair of neighbouring characters and every word of the dictionary in it of three and more, wherever
it would be cut; a question is cut once. Hence the promise: any passage of a text finds it.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal

import rjieba

MOST_TERMS = 32

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"((?:(?!\W)[{_HAN}])+)|[^\W_{_HAN}]+")
# Words that questions are made with, not what they are about.
_ASKING = re.compile(
    "怎么[办样]?|怎样|如何|什么|为什么|请问|哪[里些个]|多少|可以|是否|能否|能不能|有没有|[我你他]们|"
    "[这那]个|谢谢|[您你]好"
)
_PARTICLES = frozenset("的了吗呢吧啊么着嘛呀")


def index_text(text: str) -> str:
    """The words of ``text``, separated by spaces, in its order, repeats kept.

    They consist of letters and digits alone, lower case, full-width forms folded (NFKC).
    """
    return " ".join(_stored(text))


def search_terms(text: str) -> list[str]:
    """What ``text`` asks for: at most `MOST_TERMS` words, each once, in its order.

    Words that only ask ("怎么", "请问") count when there is nothing else. Empty without any letter
    or digit.
    """
    asked = list(dict.fromkeys(_asked(text)))
    telling = [term for term in asked if not _ASKING.fullmatch(term) and not _PARTICLES & set(term)]
    words = [term for term in telling or asked if not _is_character(term)]
    return (words or telling or asked)[:MOST_TERMS]


def query_of(terms: Sequence[str], which: Literal["all", "any"] = "all") -> str:
    """A query for ``to_tsquery('simple', …)`` that wants all or any of the ``terms``.

    A single character is wanted at the beginning of a stored word, which finds it everywhere. Empty
    for no terms: PostgreSQL finds nothing by it.
    """
    wanted = (f"{term}:*" if _is_character(term) else term for term in terms)
    return (" & " if which == "all" else " | ").join(wanted)


def _runs(text: str) -> Iterator[tuple[str, bool]]:
    """Stretches of letters and digits, and whether each is Chinese."""
    for found in _RUN.finditer(unicodedata.normalize("NFKC", text).lower()):
        yield found.group(), found.group(1) is not None


def _stored(text: str) -> Iterator[str]:
    for run, chinese in _runs(text):
        if not chinese:
            yield run
            continue
        yield from _pairs(run)
        yield run[-1]  # begins no pair, but may be asked for alone
        yield from _long_words(run)


def _asked(text: str) -> Iterator[str]:
    for run, chinese in _runs(text):
        if not chinese:
            yield run
            continue
        long_words = set(_long_words(run))
        unknown = ""  # characters that are no word: of names and places, mostly
        for word in rjieba.cut(run, hmm=False):
            if len(word) == 2 or word in long_words:
                yield from _unknown(unknown)
                unknown = ""
                yield word
            else:
                unknown += word
        yield from _unknown(unknown)


def _long_words(run: str) -> list[str]:
    return [word for word in rjieba.cut_all(run) if len(word) > 2]


def _unknown(characters: str) -> Iterable[str]:
    return _pairs(characters) if len(characters) > 1 else characters


def _pairs(characters: str) -> Iterator[str]:
    return (first + second for first, second in pairwise(characters))


def _is_character(term: str) -> bool:
    return len(term) == 1 and re.match(f"[{_HAN}]", term) is not None

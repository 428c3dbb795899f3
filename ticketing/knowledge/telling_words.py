"""Which words of a question tell most: the rare ones."""

from collections.abc import Mapping, Sequence
from math import log

MOST_WORDS = 8
COMMON_SHARE = 0.05
FEW = 200  # articles; a word in no more of them is read quickly, however few articles there are


def telling_words(
    terms: Sequence[str], counts: Mapping[str, int], published: int
) -> dict[str, float]:
    """The weights of the `MOST_WORDS` rarest words among ``terms``, the rarest first.

    ``counts`` says in how many of the ``published`` articles a word is; in none: it is left out.
    Words in more than `COMMON_SHARE` of them count only if there is no other, and then one alone.
    The weight is ``ln(1 + published / count)``, the inverse document frequency.
    """
    known = sorted((term for term in terms if counts.get(term)), key=lambda term: counts[term])
    limit = max(FEW, published * COMMON_SHARE)
    rare = [term for term in known if counts[term] <= limit] or known[:1]
    return {term: log(1 + published / counts[term]) for term in rare[:MOST_WORDS]}

"""The part of an article's text that shows why it was found."""

from collections.abc import Sequence

LENGTH = 90
_BEFORE = 20


def excerpt(body: str, terms: Sequence[str], *, length: int = LENGTH) -> str:
    """About ``length`` characters of ``body`` on one line, from shortly before the first term."""
    text = " ".join(line.lstrip("#- ") for line in body.split("\n") if line.strip())
    lowered = text.lower()
    places = [place for term in terms if (place := lowered.find(term)) >= 0]
    begin = max(0, min(places, default=0) - _BEFORE)
    end = begin + length
    cut = text[begin:end].strip()
    return ("…" if begin else "") + cut + ("…" if end < len(text) else "")

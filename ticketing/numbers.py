"""Telephone numbers as people write them.

What the same number looks like from a switchboard is told by the database's own functions
`caller_number` and `caller_spellings`.
"""

import re

_SEPARATORS = re.compile(r"[\s()（）-]")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


def written_number(text: str) -> str | None:
    """The number without what people put between its digits; ``None`` when it is no number."""
    number = _SEPARATORS.sub("", text)
    return number if _NUMBER.fullmatch(number) else None

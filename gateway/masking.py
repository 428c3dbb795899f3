"""Telephone numbers as people may see them (REQUIREMENTS T6, O4; personal data, PIPL)."""

import re
from collections.abc import Mapping
from typing import Any

FULL_LENGTH = 11
NUMBER_FIELDS = frozenset({"caller", "number"})


def mask_number(number: str) -> str:
    """``13800000001`` → ``138****0001``.

    Of eleven and more digits the first three and the last four stay, of fewer the last two; a
    leading ``+`` is kept and not counted. Empty stays empty.
    """
    sign, digits = ("+", number[1:]) if number.startswith("+") else ("", number)
    first, last = (3, 4) if len(digits) >= FULL_LENGTH else (0, 2)
    hidden = max(0, len(digits) - first - last)
    return sign + digits[:first] + "*" * hidden + digits[first + hidden :]


# A mobile or an area code with a number, as people write them; digits on either side belong to
# something else: a case number, an id.
_WRITTEN = re.compile(
    r"(?<![\d.-])(?:(?:\+|00)?86[- ]?)?"
    r"(?:1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?![\d.-]*\d)"
)


def holds_number(text: str) -> bool:
    """Whether somebody wrote a telephone number into ``text``."""
    return _WRITTEN.search(text) is not None


def scrub_numbers(text: str) -> str:
    """``text`` with every telephone number written into it masked."""
    return _WRITTEN.sub(lambda found: mask_number(re.sub("[- ]", "", found[0])), text)


def hide_number(number: str) -> str:
    """Nothing of a number but that there is one, not even how long it is."""
    return "*" * FULL_LENGTH if number else ""


def mask_data(data: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` of a live event with every number in it masked, however deep."""
    return {key: _mask(key, value) for key, value in data.items()}


def _mask(key: str, value: Any) -> Any:
    if isinstance(value, str):
        return mask_number(value) if key in NUMBER_FIELDS else value
    if isinstance(value, Mapping):
        return mask_data(value)
    if isinstance(value, list | tuple):
        return [_mask(key, item) for item in value]
    return value

"""Telephone numbers as they are typed and as switchboards write them."""

import re

_SEPARATORS = re.compile(r"[\s()（）-]")
_COUNTRY = re.compile(r"(?:\+|00)86")
_MOBILE = re.compile(r"(?:86|0)?(1[3-9][0-9]{9})")
_NUMBER = re.compile(r"\+?[0-9]{3,20}")


def ways_to_write(typed: str) -> list[str]:
    """The forms in which a call's number may be that of ``typed``; none when it is no number.

    A mobile number may have been dialled through with 0, 86, +86 or 0086 before it; a landline one
    with its area code has lost the 0 after the country code.
    """
    number = _SEPARATORS.sub("", typed)
    if _NUMBER.fullmatch(number) is None:
        return []
    national = _COUNTRY.sub("", number, count=1) if _COUNTRY.match(number) else number
    if (mobile := _MOBILE.fullmatch(national)) is not None:
        return [prefix + mobile[1] for prefix in ("", "0", "86", "+86", "0086")]
    if national != number:
        return [number, national, f"0{national}"]
    if national.startswith("0"):
        return [national, f"+86{national[1:]}", f"0086{national[1:]}"]
    return [national]

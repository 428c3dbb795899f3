"""Cells that a spreadsheet takes for text whatever it is told to split at (CWE-1236).

OWASP (CSV Injection): a cell that begins with ``= + - @``, tab, or carriage return may be run as a
formula, also their full-width forms and after a line feed; and a text can begin a new cell by a
separator or quote that the program at the other end takes for one. So a quote ``'`` is put before
such a sign at the beginning and after every separator, quote and line end within.
"""

import re

_SIGN = "=+\\-@＝＋－＠"
_BLANK = "\t\r\n"
_BEFORE = f"\"',;|{_BLANK}"
_DANGEROUS = re.compile(f"^ *'*(?=[{_SIGN}{_BLANK}])|[{_BEFORE}] *(?=[{_SIGN}])")
_NEUTRAL = re.compile(f"(^ *'*)'(?=[{_SIGN}{_BLANK}])|([{_BEFORE}] *)'(?=[{_SIGN}])")


def neutralised(text: str) -> str:
    """``text`` as a cell of a CSV file that no spreadsheet computes."""
    return _DANGEROUS.sub(r"\g<0>'", text)


def restored(text: str) -> str:
    """What a cell was before `neutralised`; other texts that nobody neutralised stay."""
    return _NEUTRAL.sub(r"\1\2", text)

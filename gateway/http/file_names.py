"""What a file is called that is uploaded or downloaded."""

from typing import Any
from urllib.parse import unquote

from gateway.http.endpoint import Inquiry

# Names of files may hold numbers of citizens: they do not belong into a URL.
NAME_HEADER = "X-File-Name"


def uploaded_name(inquiry: Inquiry[Any, Any]) -> str:
    """The name, percent-encoded in the header X-File-Name; empty without it."""
    return unquote(inquiry.request.headers.get(NAME_HEADER, ""))

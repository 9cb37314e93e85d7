"""Forms that come from a browser which got them from us, and not from another site.

Here belongs the proof: a cookie that other sites cannot read, and a ticket in the form that fits it. Not
here: a session of the user; nobody stays signed in at the sandbox.
"""

import hmac
import secrets
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

_COOKIE = "exepron-sandbox-browser"


def _key() -> bytes:
    return secrets.token_bytes(32)


@dataclass(frozen=True)
class Browsers:
    """Marks browsers, and knows them again."""

    path: str
    """Of the pages."""
    key: bytes = field(default_factory=_key, repr=False)

    def mark_of(self, request: Request) -> str:
        """The mark of a browser, or a new one."""
        return request.cookies.get(_COOKIE) or secrets.token_urlsafe(24)

    def ticket(self, mark: str) -> str:
        """What a form for this browser holds."""
        return hmac.new(self.key, mark.encode(), "sha256").hexdigest()

    def is_ours(self, request: Request, ticket: str) -> bool:
        """True for a form that this browser got from us."""
        mark = request.cookies.get(_COOKIE)
        return mark is not None and hmac.compare_digest(self.ticket(mark).encode(), ticket.encode())

    def keep(self, response: Response, mark: str) -> Response:
        """The page, with the mark for its browser."""
        response.set_cookie(_COOKIE, mark, path=self.path, httponly=True, samesite="lax")
        return response

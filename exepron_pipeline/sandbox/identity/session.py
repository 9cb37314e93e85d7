"""One sign-in, as all tokens that follow from it remember it.

Here belongs what they share. Not here: the tokens (``tokens.py``, ``refresh.py``).
"""

import uuid
from dataclasses import dataclass, field


def _new_id() -> str:
    return uuid.uuid4().hex


@dataclass(frozen=True)
class Session:
    """A user's consent to a client, given once; when it ends, all of its tokens do."""

    client_id: str
    user_id: int
    scope: str
    since: int
    """By the server's clock, in seconds since 1970."""
    nonce: str | None = None
    """Of the authorization request."""
    present: bool = False
    """The user was there, at a page of ours: then there is something to say about them in an ID token."""
    id: str = field(default_factory=_new_id)

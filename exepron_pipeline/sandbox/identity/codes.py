"""Authorization codes: good once, for a short time.

Here belongs what is kept of them, in memory. Not here: the request and the grant (``authorize.py``).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from exepron_pipeline.sandbox.identity.session import Session


@dataclass
class Code:
    """One code with what its request said; the methods and ``code_`` names are authlib's."""

    session: Session
    redirect_uri: str
    code_challenge: str | None
    code_challenge_method: str | None
    ends: float
    used: bool = False

    def get_redirect_uri(self) -> str:
        """Where it was sent."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """What was consented to."""
        return self.session.scope


@dataclass
class Codes:
    """All codes that were issued; ``lifetime`` in seconds."""

    lifetime: int
    clock: Callable[[], float] = time.monotonic
    _codes: dict[str, Code] = field(default_factory=dict, repr=False)

    def keep(
        self, text: str, session: Session, redirect_uri: str, challenge: str | None, method: str | None
    ) -> None:
        """Remember a code."""
        ends = self.clock() + self.lifetime
        self._codes[text] = Code(session, redirect_uri, challenge, method, ends)

    def find(self, text: str, client_id: str) -> Code | None:
        """The code of this client, used or expired ones included."""
        code = self._codes.get(text)
        return code if code and code.session.client_id == client_id else None

    def is_over(self, code: Code) -> bool:
        """True when its time is up."""
        return code.ends <= self.clock()

"""What the faults may touch at the identity server.

Here belongs what is known and decided so far of a visit, of tokens that are about to be given, and of the way
back to a client. Not here: the steps (``routes.py``, ``issuing.py``), the faults (``faults``).
"""

from dataclasses import dataclass
from typing import Literal

from starlette.responses import Response

Endpoint = Literal["discovery", "token", "device_authorization", "revocation", "userinfo"]
"""Where programs call; the pages are for people."""


@dataclass
class Visit:
    """A request of a program; a ``response`` that is set before it is handled is the answer."""

    endpoint: Endpoint
    grant: str = ""
    """Of the token endpoint."""
    client_authentication: str = "none"
    response: Response | None = None


@dataclass
class Issue:
    """What is about to be given for a grant."""

    grant: str
    scope: str
    refresh: Literal["new", "same", "none"]
    """The refresh token in the answer. With ``same`` and ``none`` the one that was used stays good."""
    opaque: bool = False
    """The access token is a text that says nothing, in place of a JWT."""


@dataclass
class Landing:
    """The parameters with which a browser is sent back to a client."""

    parameters: dict[str, str]

"""The end of a session: stored tokens are deleted here and revoked at the server (RFC 7009).

Not here: the words on the terminal (``cli/logout.py``).
"""

from dataclasses import dataclass
from typing import Literal

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.token import Tokens
from exepron_pipeline.errors import ExepronError

Kind = Literal["refresh_token", "access_token"]


@dataclass(frozen=True)
class Revocation:
    """What became of one token at the server; ``failure`` is None when it is revoked."""

    kind: Kind
    failure: ExepronError | None = None


def revoke(tokens: Tokens, client: TokenClient) -> list[Revocation]:
    """Revoke what was stored, the refresh token first: many servers end all that came from it.

    Raises nothing of the server's: what failed is in the answer.
    """
    held: list[tuple[Kind, str | None]] = [
        ("refresh_token", tokens.refresh_token),
        ("access_token", tokens.access_token),
    ]
    return [_revoked(client, kind, token) for kind, token in held if token]


def _revoked(client: TokenClient, kind: Kind, token: str) -> Revocation:
    try:
        client.revoke(token, kind)
    except ExepronError as error:
        return Revocation(kind, error)
    return Revocation(kind)

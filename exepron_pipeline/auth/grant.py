"""Grants: which one serves a connection. Not here: asking for tokens (``client.py``)."""

import re
from typing import Literal

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.settings import Connection


def first_grant(connection: Connection) -> Literal["password", "client_credentials"] | None:
    """Return the grant that needs nothing stored; None when only a person can sign in."""
    if connection.grant == "password":
        return "password"
    if connection.grant == "client_credentials":
        return "client_credentials"
    if connection.grant != "auto":
        return None
    if connection.username:
        return "password"
    return "client_credentials" if connection.client_secret else None


def given_token(connection: Connection) -> str | None:
    """Return the token that was issued by hand, if that is what is to be used.

    Raises:
        ConfigurationError: It has characters that no token has (RFC 6750, 2.1).

    """
    if not connection.token or connection.grant not in {"auto", "token"}:
        return None
    token = connection.token.get_secret_value()
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        hint = "Give the token alone, in one line, without the word Bearer."
        raise ConfigurationError(
            "EXEPRON_TOKEN holds blanks or other characters that no token has.", hint=hint
        )
    return token

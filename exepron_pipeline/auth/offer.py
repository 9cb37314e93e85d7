"""The offer: which grants are worth trying at a server with these settings. Not here: trying them (``client.py``)."""

from exepron_pipeline.auth.provider import Provider
from exepron_pipeline.auth.refusal import Attempt
from exepron_pipeline.settings import Connection

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"  # RFC 8628, 3.4


def has_browser_grant(provider: Provider) -> bool:
    """True unless the server says that it has no authorization code with PKCE S256."""
    return bool(
        provider.authorization_endpoint
        and _lists(provider.grants, "authorization_code")
        and _lists(provider.response_types, "code")
        and _lists(provider.code_challenge_methods, "S256")
    )


def has_device_grant(provider: Provider) -> bool:
    """True unless the server says that it has no device code."""
    return bool(provider.device_authorization_endpoint and _lists(provider.grants, DEVICE_GRANT))


def worth_trying(provider: Provider, connection: Connection, refused: Attempt) -> str:
    """Return a sentence on what to do after a grant was refused to this client.

    Args:
        provider: What the server offers.
        connection: What the settings allow.
        refused: The grant that it is not.

    """
    ways = {
        "authorization_code": has_browser_grant(provider) and "`exepron login`",
        "device_code": has_device_grant(provider) and "`exepron login --device`",
        "password": _lists(provider.grants, "password") and _password(connection),
        "client_credentials": _lists(provider.grants, "client_credentials")
        and connection.client_secret is not None
        and "EXEPRON_GRANT=client_credentials",
    }
    found = [f"{way} ({grant})" for grant, way in ways.items() if way and grant != refused]
    trying = f"Worth trying: {', '.join(found)}. " if found else ""
    return f"{trying}Or allow the grant {refused} on the server's page of API clients."


def _password(connection: Connection) -> str:
    return "EXEPRON_GRANT=password" if connection.username else "EXEPRON_USERNAME and EXEPRON_PASSWORD"


def _lists(offered: tuple[str, ...] | None, wanted: str) -> bool:
    return offered is None or wanted in offered

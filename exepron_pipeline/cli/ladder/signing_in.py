"""The rungs up to a token: identity server, store, token, and what works today and will not for ever."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from exepron_pipeline.cli.ladder.rung import Rung, bad, note, tried
from exepron_pipeline.errors import ExepronError

if TYPE_CHECKING:
    from exepron_pipeline.tenant import Tenant

SKEW_SECONDS = 60
"""A token may be refused as not yet or no more valid when clocks differ by more."""


def signing_in(tenant: "Tenant") -> Iterator[Rung]:
    """Look at what signing in needs; the token is the stored one where that is still good."""
    yield _identity_server(tenant)
    yield tried("token store", tenant.keeper.check_store)
    token = tried("token", lambda: _token(tenant))
    yield token
    if token.state != "bad":
        yield from _outlook(tenant)


def _identity_server(tenant: "Tenant") -> Rung:
    from exepron_pipeline.auth.discovery import discover

    try:
        found = discover(tenant.connection.identity_url, tenant.transport)
    except ExepronError as error:
        return bad("identity server", error)
    if found.is_described:
        return Rung("identity server", f"found; tokens come from {found.token_endpoint}")
    text = f"no discovery document at {found.issuer}; tokens are asked for at {found.token_endpoint}"
    return note("identity server", text, "Where that fails, EXEPRON_IDENTITY_URL is not its address.")


def _token(tenant: "Tenant") -> str:
    tenant.keeper.token()
    return tenant.keeper.describe().in_words()


def _outlook(tenant: "Tenant") -> Iterator[Rung]:
    found = tenant.keeper.describe()
    if found.grant != "token":
        yield _clock(found.skew)
    if found.not_granted:
        missing = " ".join(found.not_granted)
        yield note("scope", f"{missing} was asked for and not granted.", "Allow the client that scope.")
    if found.outlook:
        yield note("outlook", found.outlook)


def _clock(skew: float) -> Rung:
    if abs(skew) <= SKEW_SECONDS:
        return Rung("clock", f"{abs(skew):.0f} s from the identity server's when the token came")
    apart = f"The identity server's clock is {skew:+.0f} s from this machine's."
    return note("clock", apart, "Set this machine's clock by NTP; where that is so already, theirs is wrong.")

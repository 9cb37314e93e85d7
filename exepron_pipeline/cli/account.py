"""Which account a verb is about, where the settings hold several. Not here: what it does there."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from exepron_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from exepron_pipeline.settings import Connection
    from exepron_pipeline.tenant import Tenant

Account = Annotated[
    str | None,
    typer.Option(
        "--account",
        metavar="NAME",
        help="Which account of exepron.toml (its table accounts.NAME), where there are several.",
    ),
]


@contextmanager
def tenant_of(account: str | None) -> "Iterator[Tenant]":
    """Give the tenant of an account, or of the only one.

    Raises:
        ConfigurationError: There is none of that name, or several and no name, or a setting is missing.

    """
    from exepron_pipeline.http.throttle import Throttle
    from exepron_pipeline.settings import load_settings
    from exepron_pipeline.tenant import Tenant

    settings = load_settings()
    connection = _chosen(settings.connections(), account)
    throttle = Throttle(settings.rate, settings.concurrency, settings.daily_requests)
    tenant = Tenant(connection, settings, throttle)
    try:
        yield tenant
    finally:
        tenant.close()


def _chosen(connections: "tuple[Connection, ...]", account: str | None) -> "Connection":
    names = ", ".join(each.name for each in connections)
    found = [each for each in connections if account in (None, each.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise ConfigurationError(
            f"The settings hold several accounts: {names}.", hint="Name one of them with --account."
        )
    raise ConfigurationError(f"The settings hold no account {account}.", hint=f"They hold: {names}.")

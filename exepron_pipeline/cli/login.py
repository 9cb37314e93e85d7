"""``exepron login``: a person signs in once, and scheduled runs go on from there."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from exepron_pipeline.cli.account import Account, tenant_of
from exepron_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from exepron_pipeline.auth.client import TokenClient
    from exepron_pipeline.auth.device_code import DeviceCode
    from exepron_pipeline.auth.login.flow import Login, SignedIn
    from exepron_pipeline.settings import Connection
    from exepron_pipeline.tenant import Tenant


def login(
    *,
    device: Annotated[
        bool,
        typer.Option(
            "--device", help="Sign in on another device: shows an address and a code to type in there."
        ),
    ] = False,
    paste: Annotated[
        bool,
        typer.Option(
            "--paste", help="Sign in in a browser elsewhere, and paste here the address at which it ended."
        ),
    ] = False,
    online: Annotated[
        bool,
        typer.Option(
            "--online",
            help="Ask for no refresh token, where the server lets this client have none: runs stop when the token ends.",
        ),
    ] = False,
    account: Account = None,
) -> None:
    """Sign in, once, for all later runs.

    There are three ways. Without an option, a browser opens on this machine and comes back to
    EXEPRON_REDIRECT_URI. On a server without a browser use --device, where the identity server offers it, or --paste.
    """
    if device and paste:
        raise ConfigurationError("--device and --paste are two ways to sign in.", hint="Choose one of them.")
    with tenant_of(account) as tenant:
        _sign_in(tenant, device=device, paste=paste, online=online)


def _sign_in(tenant: "Tenant", *, device: bool, paste: bool, online: bool) -> None:
    from exepron_pipeline.auth.client import open_client
    from exepron_pipeline.auth.login.flow import Login
    from exepron_pipeline.auth.refusal import printable

    connection, settings = tenant.connection, tenant.settings
    _refuse_unused(connection)
    tenant.keeper.check_store()  # before anybody signs in for nothing
    client = open_client(connection, tenant.transport, settings.state_dir, anew=True, offline=not online)
    way = Login(client, tenant.keeper.adopt)
    if device:
        signed_in = way.by_device(_show_device)
    elif paste:
        signed_in = way.by_paste(_show_paste, _read_hidden)
    else:
        signed_in = _by_browser(way, client)
    for line in _told(tenant, signed_in):
        typer.echo(printable(line))


def _refuse_unused(connection: "Connection") -> None:
    """Refuse a sign-in that no run would use."""
    from exepron_pipeline.auth.grant import given_token

    if given_token(connection):
        reason, hint = "EXEPRON_TOKEN is set, and runs use that", "Unset EXEPRON_TOKEN first."
    elif connection.grant == "client_credentials":
        reason = "EXEPRON_GRANT=client_credentials signs in as the client, not as a person"
        hint = "Unset EXEPRON_GRANT first."
    else:
        return
    raise ConfigurationError(f"No run would use this sign-in: {reason}.", hint=hint)


def _by_browser(way: "Login", client: "TokenClient") -> "SignedIn":
    from exepron_pipeline.auth.login.display import has_display
    from exepron_pipeline.auth.login.flow import PATIENCE
    from exepron_pipeline.auth.offer import has_device_grant

    opens = has_display()

    def show(address: str) -> None:
        if not opens:
            better = "--device or --paste" if has_device_grant(client.provider) else "--paste"
            typer.echo(
                f"There is no display here to open a browser on. On a server, use {better} instead (Ctrl-C ends this)."
            )
        typer.echo(
            f"{'Your browser opens; if not' if opens else 'To go on anyway'}, open this address on this machine:\n\n  {address}\n"
        )
        typer.echo(f"Waiting up to {PATIENCE / 60:.0f} minutes for the browser to come back ...")

    return way.by_browser(show, opens=opens)


def _show_paste(address: str) -> None:
    typer.echo(f"Open this address in any browser and sign in:\n\n  {address}\n")
    typer.echo(
        "The browser then goes to an address that may not load: that is right. Copy it from the address bar."
    )


def _read_hidden() -> str:
    """What is pasted is not shown: it holds a code. From a pipe it is read as it comes."""
    import getpass

    if not sys.stdin.isatty():
        return sys.stdin.readline()
    try:
        return getpass.getpass("Paste it here (it stays invisible), then Enter: ")
    except EOFError:
        return ""


def _show_device(code: "DeviceCode") -> None:
    typer.echo(f"On any device, open\n\n  {code.address}\n\nand type in this code:\n\n  {code.user_code}\n")
    if code.whole_address:
        typer.echo(f"Or open this address, which holds the code already:\n\n  {code.whole_address}\n")
    typer.echo(f"Waiting up to {code.expires_in / 60:.0f} minutes ...")


def _told(tenant: "Tenant", signed_in: "SignedIn") -> list[str]:
    """Who, for what, until when, where: as ``exepron status`` tells it later."""
    kept = tenant.keeper.describe()
    until = f"{kept.expires_at:%Y-%m-%d %H:%M} UTC" if kept.expires_at else "the server does not say when"
    renewal = (
        "; runs renew it by the refresh token that came with it" if signed_in.tokens.refresh_token else ""
    )
    lines = [
        f"Signed in at {kept.issuer} as {signed_in.person}.",
        f"Scope: {kept.scope}",
        f"The access token ends: {until}{renewal}.",
        f"Stored, for you alone to read: {kept.store}.",
    ]
    if kept.not_granted:
        missing = " ".join(kept.not_granted)
        lines.append(f"Not granted, though asked for: {missing}. What needs it will be answered with 403.")
    return [*lines, kept.outlook] if kept.outlook else lines

"""``exepron logout``: the stored sign-in ends, here and at the identity server."""

from typing import TYPE_CHECKING

import typer

from exepron_pipeline.cli.account import Account, tenant_of

if TYPE_CHECKING:
    from exepron_pipeline.auth.login.logout import Revocation
    from exepron_pipeline.auth.token import Tokens
    from exepron_pipeline.errors import ExepronError
    from exepron_pipeline.tenant import Tenant


def logout(*, account: Account = None) -> None:
    """Delete the stored tokens, and revoke them at the identity server where it offers that."""
    with tenant_of(account) as tenant:
        tokens = tenant.keeper.forget()
        issuer = tenant.connection.identity_url
        if tokens is None:
            typer.echo(f"Nobody is signed in at {issuer}: there was nothing to delete.")
        else:
            typer.echo(f"Signed out of {issuer}: the stored tokens are deleted.")
        _tell_what_is_left(tenant)
        if tokens:
            _revoke(tenant, tokens)


def _revoke(tenant: "Tenant", tokens: "Tokens") -> None:
    from exepron_pipeline.auth.client import open_client
    from exepron_pipeline.auth.login.logout import revoke
    from exepron_pipeline.errors import ExepronError

    try:
        client = open_client(tenant.connection, tenant.transport, tenant.settings.state_dir, anew=True)
    except ExepronError as error:
        raise _not_revoked(error) from None
    if client.provider.revocation_endpoint:
        for revocation in revoke(tokens, client):
            _tell(revocation, tokens)
        return
    left = f"the access token until {_end(tokens)}"
    if tokens.refresh_token:
        left = f"the refresh token until it ends or you withdraw your consent there, {left}"
    typer.echo(f"The server offers no revocation. Still good there: {left}.")


def _tell(revocation: "Revocation", tokens: "Tokens") -> None:
    name = revocation.kind.replace("_", " ")
    if not revocation.failure:
        typer.echo(f"Revoked at the server: the {name}.")
    elif revocation.kind == "access_token":
        typer.echo(f"The access token was not revoked, and ends {_end(tokens)}: {revocation.failure.message}")
    else:
        raise _not_revoked(revocation.failure)


def _not_revoked(failure: "ExepronError") -> "ExepronError":
    from exepron_pipeline.errors import AuthRejectedError

    return AuthRejectedError(
        f"The tokens were deleted here but not revoked: {failure.message}",
        hint="They are good until they end, for whoever holds a copy: withdraw your consent at the identity server.",
    )


def _end(tokens: "Tokens") -> str:
    return (
        f"{tokens.expires_at:%Y-%m-%d %H:%M} UTC"
        if tokens.expires_at
        else "at a time that the server did not tell"
    )


def _tell_what_is_left(tenant: "Tenant") -> None:
    from exepron_pipeline.auth.grant import first_grant, given_token

    if given_token(tenant.connection):
        typer.echo("EXEPRON_TOKEN is still set, and runs use it.")
    elif grant := first_grant(tenant.connection):
        typer.echo(f"Credentials are still set: the next run signs in with them (grant {grant}).")

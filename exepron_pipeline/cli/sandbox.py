"""``exepron sandbox``: the embedded Exepron, in the foreground, moved on, or around another program.

Here: arguments and what is printed. Not here: how it is started, found and stopped (``sandbox/``).
"""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.errors import SandboxError
from exepron_pipeline.sandbox.offer import GenerationName, Offer, ProfileName, Stamps, offer_of

if TYPE_CHECKING:
    from exepron_pipeline.sandbox.process import RunningSandbox

DEFAULT_FOLDER = Path("data/sandbox")
INTERRUPTED = 130

app = typer.Typer(help="The embedded Exepron: a simulation on 127.0.0.1.", add_completion=False)


DataDir = Annotated[Path | None, typer.Option(help="Its data folder (data/sandbox, or EXEPRON_DATA_DIR).")]
Port = Annotated[
    int | None, typer.Option(min=1024, max=65535, help="Kept for the folder; drawn once without.")
]
Seed = Annotated[int | None, typer.Option(help="Of a new portfolio (1).")]
PortfolioSize = Annotated[state.Size | None, typer.Option(help="Of a new portfolio (small).")]
Generation = Annotated[GenerationName | None, typer.Option(help="Shape of the API (g2).")]
Profile = Annotated[ProfileName | None, typer.Option(help="What is served of it (full).")]
StampZone = Annotated[Stamps | None, typer.Option("--stamps", help="In UTC, or in the account's zone (utc).")]
Limits = Annotated[
    list[str] | None, typer.Option("--limit", help="Like page=100:cut; repeatable; 'list' shows them.")
]
TokenLifetime = Annotated[
    int | None,
    typer.Option(min=1, help="Of access tokens, in seconds (3600); short for --limit token-lifetime=N."),
]
Faults = Annotated[
    list[str] | None, typer.Option("--fault", help="Like unavailable:2-4; repeatable; 'list' shows them.")
]


@app.callback(invoke_without_command=True)
def sandbox(
    context: typer.Context,
    *,
    data_dir: DataDir = None,
    port: Port = None,
    seed: Seed = None,
    size: PortfolioSize = None,
    generation: Generation = None,
    profile: Profile = None,
    stamps: StampZone = None,
    limit: Limits = None,
    token_lifetime: TokenLifetime = None,
    fault: Faults = None,
) -> None:
    """Run the embedded Exepron in the foreground until Ctrl-C."""
    offer = _offer(generation, profile, stamps, _limits(limit, token_lifetime), fault)
    if context.invoked_subcommand is None:
        _serve(data_dir or _default_folder(), port, seed, size, offer)
    elif offer or any(given is not None for given in (data_dir, port, seed, size)):
        name = context.invoked_subcommand
        raise ConfigurationError(
            f"Options of 'sandbox {name}' stand behind '{name}'.",
            hint=f"For example: exepron sandbox {name} --data-dir data/sandbox",
        )


@app.command()
def advance(
    *,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Working life in calendar days.")],
    data_dir: DataDir = None,
) -> None:
    """Move its calendar on; a sandbox that runs follows at once."""
    folder = data_dir or _default_folder()
    with _as_configuration_errors():
        moved = state.advance(folder, days)
    typer.echo(f"The sandbox in {folder} is on day {moved.day}.")


@app.command("exec")
def execute(
    command: Annotated[list[str], typer.Argument(metavar="-- CMD...", help="The program and its arguments.")],
    *,
    unless_configured: Annotated[
        bool, typer.Option("--unless-configured", help="Run CMD as it is when any identity setting exists.")
    ] = False,
    as_user: Annotated[
        bool,
        typer.Option("--as-user", help="Without secret and password: CMD has to sign in (exepron login)."),
    ] = False,
    data_dir: DataDir = None,
    port: Port = None,
    seed: Seed = None,
    size: PortfolioSize = None,
    generation: Generation = None,
    profile: Profile = None,
    stamps: StampZone = None,
    limit: Limits = None,
    token_lifetime: TokenLifetime = None,
    fault: Faults = None,
) -> None:
    """Run a program against it: started before, settings exported, stopped after."""
    offer = _offer(generation, profile, stamps, _limits(limit, token_lifetime), fault)
    if unless_configured and _is_configured():
        _become(command)
    from exepron_pipeline.sandbox.command import environment_for, run_command  # keeps `--help` quick
    from exepron_pipeline.sandbox.process import start

    folder = data_dir or _default_folder()
    with _as_configuration_errors(), start(folder, port=port, seed=seed, size=size, offer=offer) as running:
        why = "No identity settings found: using" if unless_configured else "Using"
        typer.echo(f"{why} the embedded sandbox (a simulation) on {running.url}, data in {folder}.", err=True)
        if as_user:
            typer.echo(_who_to_be(running), err=True)
        settings = running.login_environment if as_user else running.environment
        code = run_command(command, environment_for(settings, os.environ))
    raise typer.Exit(code)


def _offer(
    generation: GenerationName | None,
    profile: ProfileName | None,
    stamps: Stamps | None,
    limits: list[str] | None,
    faults: list[str] | None,
) -> Offer | None:
    """What is asked for, or ``None`` when nothing is; ``list`` in place of a name prints the names and ends."""
    if "list" in (limits or []) or "list" in (faults or []):
        _show_names(limits=bool(limits and "list" in limits))
        raise typer.Exit
    if not any((generation, profile, stamps, limits, faults)):
        return None
    with _as_configuration_errors():
        offer = offer_of(generation, profile, stamps, tuple(limits or ()), tuple(faults or ()))
        _check_texts(offer)
    return offer


def _limits(limits: list[str] | None, token_lifetime: int | None) -> list[str] | None:
    """All limits; the one that has an option of its own goes last."""
    return limits if token_lifetime is None else [*(limits or ()), f"token-lifetime={token_lifetime}"]


def _check_texts(offer: Offer) -> None:
    """Find mistakes before anything is started."""
    if offer.limits:
        from exepron_pipeline.sandbox.limits import limits_of  # keeps `--help` quick

        limits_of(offer.limits)
    if offer.faults:
        from exepron_pipeline.sandbox.faults.schedule import faults_of  # loads the web server

        faults_of(offer.faults)


def _show_names(*, limits: bool) -> None:
    """The names of limits or faults, each with what it means."""
    if limits:
        from exepron_pipeline.sandbox.limits import LIMITS

        names = LIMITS
    else:
        from exepron_pipeline.sandbox.faults.catalogue import FAULTS  # loads the web server

        names = {fault.name: fault.about for fault in FAULTS.values()}
    width = max(map(len, names))
    for name, about in names.items():
        typer.echo(f"{name:<{width}}  {about}")


def _serve(
    folder: Path, port: int | None, seed: int | None, size: state.Size | None, offer: Offer | None
) -> None:
    from exepron_pipeline.sandbox.process import find  # keeps `--help` quick

    with _as_configuration_errors():
        kept = state.settle(folder, port=port, seed=seed, size=size)
        if running := find(folder, kept):
            raise SandboxError(
                f"The sandbox of {folder} runs already on {running.url}.", "Use that one, or end it."
            )
        from exepron_pipeline.sandbox.service import serve  # loads the web server

        try:
            serve(folder, kept, _say_how_to_connect, offer=offer)
        except KeyboardInterrupt:
            raise typer.Exit(INTERRUPTED) from None


def _say_how_to_connect(running: "RunningSandbox") -> None:
    """All of it, secrets too: they belong to invented data and follow from the seed."""
    typer.echo(f"The embedded sandbox (a simulation, not affiliated with Exepron) runs on {running.url}")
    typer.echo(
        f"  API       {running.api_url}\n  identity  {running.identity_url}\n  data in   {running.data_dir}"
        f"\n  as        {' '.join(running.arguments)}"
    )
    typer.echo(
        "Connect with 'exepron sandbox exec -- CMD', or with these settings (Ctrl-C ends the sandbox):"
    )
    for name, value in running.environment.items():
        typer.echo(f"  export {name}={shlex.quote(value)}")
    typer.echo(
        "To try 'exepron login' use 'exepron sandbox exec --as-user -- CMD', or set these and none of the others:"
    )
    for name, value in running.login_environment.items():
        typer.echo(f"  export {name}={shlex.quote(value)}")
    typer.echo(_who_to_be(running))


def _who_to_be(running: "RunningSandbox") -> str:
    return f"On the page sign in as {running.username} with the password {running.password}"


def _default_folder() -> Path:
    return Path(os.environ.get("EXEPRON_DATA_DIR") or DEFAULT_FOLDER)


def _is_configured() -> bool:
    from exepron_pipeline.settings import is_configured  # keeps `--help` quick

    return is_configured()


def _become(command: list[str]) -> None:
    try:
        os.execvp(command[0], command)  # noqa: S606 -- the caller's own command, without a shell
    except OSError as error:
        raise ConfigurationError(
            f"'{command[0]}' cannot be run: {error.strerror}.", hint="Check the command behind '--'."
        ) from error


@contextmanager
def _as_configuration_errors() -> Iterator[None]:
    try:
        yield
    except SandboxError as error:
        raise ConfigurationError(str(error), hint=error.hint) from error

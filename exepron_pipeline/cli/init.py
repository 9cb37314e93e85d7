"""``exepron init``: asks for what is needed, tests it, and writes ``.env``.

Here: the options, and the writing. Not here: questions and tests (``setup/``).
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from exepron_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from exepron_pipeline.cli.setup.answers import Answers, Way
    from exepron_pipeline.cli.setup.trial import Trial

INTERRUPTED = 130


def init(
    *,
    yes: Annotated[
        bool, typer.Option("--yes", help="Ask nothing: take options, environment and files as they are.")
    ] = False,
    sign_in: Annotated[
        str | None,
        typer.Option(metavar="WAY", help="How runs sign in: password, browser, token, or client."),
    ] = None,
    identity_url: Annotated[str | None, typer.Option(help="Address of the identity server.")] = None,
    api_url: Annotated[str | None, typer.Option(help="Address of the API.")] = None,
    client_id: Annotated[str | None, typer.Option(help="The API client.")] = None,
    client_secret_file: Annotated[Path | None, typer.Option(help="File with its secret.")] = None,
    username: Annotated[str | None, typer.Option(help="The user whose data is read.")] = None,
    password_file: Annotated[Path | None, typer.Option(help="File with the password.")] = None,
    token_file: Annotated[Path | None, typer.Option(help="File with a token issued by hand.")] = None,
) -> None:
    """Set up the connection to an Exepron account: each answer is tested, then .env is written.

    What environment, .env and exepron.toml hold already is offered; a secret is never shown. Secrets are no options,
    for others see command lines: give them in the environment, as files, or when asked.
    """
    options = {
        "identity_url": identity_url,
        "api_url": api_url,
        "client_id": client_id,
        "client_secret_file": client_secret_file,
        "username": username,
        "password_file": password_file,
        "token_file": token_file,
    }
    asks = not yes and sys.stdin.isatty()
    try:
        _set_up({name: str(value) for name, value in options.items() if value}, _way(sign_in), asks=asks)
    except (KeyboardInterrupt, EOFError):
        typer.echo("\nStopped: nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _way(name: str | None) -> "Way | None":
    from exepron_pipeline.cli.setup.answers import WAYS

    found = next((way for way in WAYS if way == name), None)
    if name and found is None:
        raise ConfigurationError(
            f"--sign-in {name} is no way to sign in.", hint=f"Take one of {', '.join(WAYS)}."
        )
    return found


def _set_up(options: dict[str, str], way: "Way | None", *, asks: bool) -> None:
    from exepron_pipeline.cli.setup import words
    from exepron_pipeline.cli.setup.answers import lines, offered
    from exepron_pipeline.cli.setup.dialogue import say
    from exepron_pipeline.cli.setup.questions import question
    from exepron_pipeline.cli.setup.trial import trial

    answers = _over(offered(), options)
    with trial() as tests:
        if asks:
            answers, way, is_known = question(answers, way, tests)
        else:
            (answers, way), is_known = _unasked(answers, way, tests), True
    path = _write(lines(answers, way))
    say(f"\n{path} is written, for you alone to read.")
    for text in _overruled(lines(answers, way), way):
        say(f"  {text}")
    commands = words.NEXT[way] if is_known else words.NEXT_UNKNOWN
    say("\nNext:\n" + "\n".join(f"  {command}" for command in commands))


def _over(answers: "Answers", options: dict[str, str]) -> "Answers":
    """The answers with the options over them; a secret stands in one place only."""
    replaced = {name.removesuffix("_file") for name in options if name.endswith("_file")}
    return {name: value for name, value in answers.items() if name not in replaced} | options


def _unasked(answers: "Answers", way: "Way | None", tests: "Trial") -> "tuple[Answers, Way]":
    """Test what is given, all of it; the first thing that is missing or wrong is the error."""
    from exepron_pipeline.cli.setup.answers import missing, of_way, way_of
    from exepron_pipeline.cli.setup.dialogue import good

    way = way or way_of(answers)
    names = missing(answers, way)
    if names:
        hint = "Set them in the environment, or run `exepron init` at a terminal, where they are asked for."
        raise ConfigurationError(f"To sign in by {way}, {' and '.join(names)} must be given.", hint=hint)
    answers = of_way(answers, way)
    found = tests.identity(answers)
    good(f"tokens come from {found.token_endpoint}")
    if way != "browser":
        good(tests.sign_in(answers))
        good(tests.api(answers))
    return answers, way


def _write(values: dict[str, str | None]) -> Path:
    """Replace ``.env`` at once, with mode 0600; what else stands in it stays."""
    from exepron_pipeline.auth.private import write_private
    from exepron_pipeline.settings.dotenv import rewritten
    from exepron_pipeline.settings.sources import DOTENV

    path = Path(DOTENV).resolve()
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        write_private(path, rewritten(text, values))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise ConfigurationError(
            f"{path} cannot be written: {reason}.", hint="Check the folder, then run init again."
        ) from None
    return path


def _overruled(values: dict[str, str | None], way: "Way") -> list[str]:
    """Tell of what was written that another source of settings still says otherwise."""
    from exepron_pipeline.cli.setup.answers import GRANT
    from exepron_pipeline.settings.sources import PREFIX, given_values

    given = {PREFIX + name.upper(): value for name, value in given_values().items()}
    if given.get("EXEPRON_GRANT") in {"auto", GRANT[way]}:
        del given["EXEPRON_GRANT"]
    names = [name for name, value in values.items() if (given.get(name) or None) != value]
    return [f"{name} is set otherwise in the environment or exepron.toml, which counts." for name in names]

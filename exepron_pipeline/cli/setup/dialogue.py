"""Asks a person at a terminal, and tells what came of it. Here: how. Not here: what is asked (``questions.py``)."""

import getpass
from collections.abc import Sequence

import typer

from exepron_pipeline.auth.refusal import printable
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.http.redact import redact, remember_secret
from exepron_pipeline.settings.sources import PREFIX


def say(text: str = "") -> None:
    """Print a line; a secret in it is not shown."""
    typer.echo(redact(text))


def good(text: str) -> None:
    """Tell that an answer was tested, and what was found."""
    say(f"  ok: {printable(text)}")


def wrong(error: ExepronError) -> None:
    """Explain why an answer does not serve, and what to do."""
    say(f"  That does not work: {printable(error.message)}")
    if error.hint and not error.message.startswith(PREFIX):  # of files, which nobody edits now
        say(f"  {printable(error.hint)}")


def ask(label: str, default: str = "", *, needed: bool = True) -> str:
    """Ask until there is an answer; Enter takes the default."""
    shown = f" [{default}]" if default else "" if needed else " (Enter for none)"
    while True:
        answer = input(f"{label}{shown}: ").strip() or default
        if answer or not needed:
            return answer
        say("  This is needed.")


def ask_address(label: str, default: str) -> str:
    """Ask for an address of the web; without a scheme it is one of https."""
    answer = ask(label, default)
    return answer if "://" in answer else f"https://{answer}"


def ask_hidden(label: str, *, is_there: bool, needed: bool = True) -> str:
    """Ask for a secret, which nobody sees; the empty text keeps the one that is there.

    Args:
        label: What is asked for.
        is_there: True when Enter keeps one; it is not shown.
        needed: Ask until there is one.

    """
    hint = "Enter keeps the one that is set" if is_there else "" if needed else "Enter for none"
    words = ", ".join(part for part in ("stays invisible", hint) if part)
    while True:
        answer = getpass.getpass(f"{label} ({words}): ").strip()
        remember_secret(answer or None)
        if answer or is_there or not needed:
            return answer
        say("  This is needed.")


def choose(label: str, ways: Sequence[str], default: int) -> int:
    """Ask for one of several, by its number from 1; gives its place from 0."""
    for number, way in enumerate(ways, start=1):
        say(f"  {number}  {way}")
    while True:
        answer = ask(label, str(default + 1))
        if answer.isdecimal() and 1 <= int(answer) <= len(ways):
            return int(answer) - 1
        say(f"  Type a number from 1 to {len(ways)}.")


def confirm(label: str) -> bool:
    """Ask for a yes; anything else is a no."""
    return input(f"{label} [y/N]: ").strip().lower() in {"y", "yes"}

"""``exepron doctor``: a ladder from the settings up to each entity set, one line a rung, each with its cure.

Here: what is printed. Not here: the rungs (``ladder/``).
"""

import json
from collections.abc import Iterable
from contextlib import ExitStack
from typing import Annotated

import typer

from exepron_pipeline.cli.ladder.rung import Rung, State

MARKS: dict[State, str] = {"ok": "[green]ok  [/]", "note": "[yellow]note[/]", "bad": "[bold red]bad [/]"}


def doctor(
    *,
    ask_again: Annotated[
        bool, typer.Option("--ask-again", help="Ask the paths too that refused less than a week ago.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Look at everything a sync needs, from the settings up; each line that is not ok says what to do.

    Each entity set is asked for one record. What its paths answer is remembered for a week, and spares the next
    sync the question.
    """
    from exepron_pipeline.cli.ladder.climb import climb

    with ExitStack() as stack:
        rungs = climb(stack, ask_again=ask_again)
        found = list(rungs) if as_json else list(_printed(rungs))
    code = next((rung.exit_code for rung in found if rung.exit_code), 0)
    if as_json:
        print(json.dumps({"ok": not code, "rungs": [rung.as_json() for rung in found]}))
    raise typer.Exit(code)


def _printed(rungs: Iterable[Rung]) -> Iterable[Rung]:
    """Print each rung as it comes."""
    from exepron_pipeline.cli.console import output

    console = output()
    for rung in rungs:
        console.print(f"{MARKS[rung.state]} [bold]", end="")
        console.print(rung.title, end="", markup=False, style="bold")
        console.print(f": {rung.found}", markup=False, soft_wrap=True)
        if rung.cure:
            console.print(f"     {rung.cure}", markup=False, soft_wrap=True)
        yield rung

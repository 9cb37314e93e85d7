"""``exepron sync``: bring entity sets up to date. Also the shared way in which a run is shown."""

import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from exepron_pipeline.engine import Engine
    from exepron_pipeline.events import Mode, RunReport

Sets = Annotated[
    list[str] | None, typer.Argument(metavar="[SET]...", help="Entity sets; all of them when none is named.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def sync(
    entity_sets: Sets = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Read everything instead of what changed.")] = False,
    since: Annotated[
        str | None,
        typer.Option(metavar="T", help="Read what changed since then (ISO 8601; UTC when it has no offset)."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Refresh: read what changed and land it in the warehouse."""
    from exepron_pipeline.sync import parse_since, sync_all

    moment = parse_since(since)
    mode: Mode = "full" if full else "incremental"
    run_and_show(lambda engine: sync_all(engine, entity_sets or (), mode=mode, since=moment), as_json=as_json)


def run_and_show(work: "Callable[[Engine], RunReport]", *, as_json: bool) -> None:
    """Do the work with an engine, show its report, and exit with its code."""
    from exepron_pipeline.cli.console import output
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.progress import show_progress
    from exepron_pipeline.summary import exit_code, problems, run_table

    with (
        open_engine() as engine,
        show_progress(len(engine.catalogue.offered), quiet=as_json) as engine.listen,
    ):
        report = work(engine)
    if as_json:
        print(json.dumps(report.as_json()))
        raise typer.Exit(exit_code(report))
    output().print(run_table(report))
    for line in problems(report):
        print(line, file=sys.stderr)
    raise typer.Exit(exit_code(report))

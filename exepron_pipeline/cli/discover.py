"""``exepron discover``: what this service offers, as a catalogue that ``sync`` accepts."""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exepron_pipeline.cli.sync import Json

if TYPE_CHECKING:
    from rich.table import Table

    from exepron_pipeline.catalogue import Catalogue
    from exepron_pipeline.discover.entries import Finding
    from exepron_pipeline.survey import Survey

NOTHING = 4
"""Exit code when the service offers nothing that can be read."""
UNSAVED = 2
"""Exit code when addresses led to a catalogue, and nobody was there to confirm it."""
SHOWN = 8
"""Sets that are named in one line; the rest is counted."""
OPTIONS = ("top", "skip", "orderby", "filter", "select", "count")


def discover(
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Save the catalogue here; else it is printed."),
    ] = None,
    openapi: Annotated[
        str | None,
        typer.Option(
            "--openapi",
            metavar="FILE|URL",
            help="A description of the service: OpenAPI, Swagger, or its $metadata.",
        ),
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option(
            "--url",
            metavar="URL",
            help="An address that lists records, as copied; may be given several times.",
        ),
    ] = None,
    har: Annotated[
        list[Path] | None,
        typer.Option(
            "--har",
            metavar="FILE",
            help="A browser's recording (HAR) of calls that list records; only their paths are kept.",
        ),
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="Save what --url and --har led to without asking.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Find out what the service offers and which options really work; save it as a catalogue."""
    from exepron_pipeline.cli.console import errors, output
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.settings import load_settings
    from exepron_pipeline.survey import survey

    settings = load_settings()
    with open_engine(load_settings(catalogue=None)) as engine, errors().status("signing in") as status:
        found = survey(
            engine.tenants[0],
            openapi=openapi,
            urls=url or (),
            recordings=har or (),
            in_use=settings.catalogue,
            told=lambda name: status.update(f"looking at {name}"),
        )
    console = errors() if as_json or not out else output()
    if found.text and not out and not as_json:
        print(found.text, end="")
    if not as_json:
        console.print(table(found))
        for line in [*_not_read(found), *found.problems, *_changes(found)]:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    saved = _save(found, out, confirmed=yes or not (url or har))
    if as_json:
        print(json.dumps(as_document(found, out if saved else None)))
    console.print(_outcome(found, out, saved), markup=False, highlight=False, soft_wrap=True)
    if all(each.problem for each in found.findings):
        raise typer.Exit(NOTHING)
    if found.text and out and not saved:
        raise typer.Exit(UNSAVED)


def _save(found: "Survey", out: Path | None, *, confirmed: bool) -> "Catalogue | None":
    """Save the catalogue where that is asked for; None when it was not.

    What the service says of itself is saved as it is; what was made of addresses is a proposal to confirm.
    """
    from exepron_pipeline.discover.write import save_catalogue

    if not out or not found.text:
        return None
    asked = sys.stdin.isatty() and sys.stderr.isatty()
    agreed = confirmed or (asked and typer.confirm(f"Save this to {out}?", err=True))
    return save_catalogue(found.text, out) if agreed else None


def _changes(found: "Survey") -> list[str]:
    """The difference to the catalogue in use, under its heading."""
    head = f"What changes against {found.against}:" if found.against else "A catalogue of its own:"
    return ["", head, *(f"  {line}" for line in found.changes), ""] if found.changes else []


def as_document(found: "Survey", out: Path | None) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "origin": found.origin,
        "generation": found.generation,
        "out": str(out) if out else None,
        "entity_sets": {each.name: _facts(each) for each in found.findings},
        "problems": list(found.problems),
        "changes": list(found.changes),
        "requests": found.requests,
    }


def _facts(each: "Finding") -> dict[str, Any]:
    cursor = each.cursor.wire if each.cursor and each.cursor.works else None
    return {
        "path": each.described.path,
        "key": list(each.described.key),
        "cursor": cursor,
        "columns": len(each.laid_out.columns),
        "children": list(each.laid_out.children),
        "envelope": each.envelope,
        "sampled": each.sampled,
        "options": asdict(each.capabilities) if each.capabilities else None,
        "problem": each.problem or None,
        "notes": each.notes,
    }


def table(found: "Survey") -> "Table":
    """Show the sets that can be read, with the options whose effect was seen."""
    from rich.table import Table

    shown = Table(title=f"{found.origin}, {found.generation}", title_justify="left")
    for name in (
        "entity set",
        "key",
        "cursor",
        "columns",
        "records",
        "at once",
        "types from",
        "options that work",
    ):
        shown.add_column(name)
    for each in found.findings:
        if each.problem:
            continue
        seen = asdict(each.capabilities) if each.capabilities else {}
        facts = _facts(each)
        works = " ".join(name for name in OPTIONS if seen.get(name))
        ignored = " ".join(name for name in OPTIONS if seen.get(name) is False)
        shown.add_row(
            each.name,
            ", ".join(facts["key"]),
            facts["cursor"] or "-",
            str(facts["columns"]),
            _number(seen.get("records")),
            _number(seen.get("page")),
            f"{each.sampled:,} records" if each.sampled else "description",
            f"{works}{f' (not {ignored})' if ignored else ''}" or "-",
        )
    return shown


def _number(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _not_read(found: "Survey") -> list[str]:
    """One line a reason: a description may have thousands of sets."""
    reasons: dict[str, list[str]] = {}
    for each in found.findings:
        if each.problem:
            reasons.setdefault(each.problem, []).append(each.described.name)
    lines = [f"Not read: {_names(names)}: {problem}." for problem, names in reasons.items()]
    return lines + [f"{each.name}: {note}." for each in found.findings for note in each.notes]


def _names(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


def _outcome(found: "Survey", out: Path | None, catalogue: "Catalogue | None") -> str:
    if all(each.problem for each in found.findings):
        return "Nothing was found that can be read."
    if not found.text:
        return "The catalogue in use says all that was found: nothing is to be written."
    if not out:
        return "Save it to a file by --out FILE, and name that in EXEPRON_CATALOGUE."
    if catalogue is None:
        return f"Nothing was saved: confirm it at a terminal, or add --yes to save it to {out}."
    return f"{out} offers {len(catalogue.offered)} entity sets. Next: EXEPRON_CATALOGUE={out} exepron sync"

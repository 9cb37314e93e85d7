"""``exepron bundle``: one file for whoever is to help, without secrets and without values of the data."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from exepron_pipeline.errors import ConfigurationError


def bundle(
    *,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where to write it; else into this folder.")
    ] = None,
) -> None:
    """Write one file for whoever is to help: settings, what the service answered, names and types, errors, versions.

    Nobody is asked for it. No secret, no user, no id and no value of a record is in it: read it before you send it.
    """
    from exepron_pipeline.bundle import bundle as collect
    from exepron_pipeline.cli.console import output
    from exepron_pipeline.http.redact import redact
    from exepron_pipeline.settings import load_settings

    found = collect(load_settings())
    place = out or Path(f"exepron-bundle-{datetime.now(UTC):%Y%m%d-%H%M}.json")
    _write(place, redact(json.dumps(found, indent=1, ensure_ascii=False, default=str)) + "\n")
    console = output()
    for line in [f"{place} holds:", *(f"  {line}" for line in contents(found)), LAST]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


LAST = "No secret, user, id or value is in it. Read it, then send it to whoever helps you: docs/first-contact.md."


def contents(found: dict[str, Any]) -> list[str]:
    """Say section by section what a bundle holds."""
    sets, schema = found["entity_sets"], found["schema"]
    errors = sum("error" in each for each in sets.values())
    answers = sum(len(each) for service in found["services"] for each in service["answers"].values())
    tables = schema.get("tables", {})
    columns = sum(map(len, tables.values()))
    told = schema.get("problem") or f"{len(tables)} tables, {columns} columns: names and types"
    return [
        f"about: exepron-pipeline {found['about']['exepron_pipeline']}, Python, packages",
        "settings: choices and addresses; of all others whether they are set",
        f"services: {len(found['services'])}, with {answers} answers of paths that were asked",
        f"entity sets: {len(sets)} that were tried, {errors} with an error",
        f"schema: {told}",
    ]


def _write(place: Path, text: str) -> None:
    """Write a file for its owner only."""
    try:
        handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise ConfigurationError(
            f"{place} cannot be written: {error.strerror}.", hint="Name another file by --out."
        ) from None

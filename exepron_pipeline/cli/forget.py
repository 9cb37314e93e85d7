"""``exepron forget``: erase a person from everything that is stored here."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from exepron_pipeline.publish.forget import Erased


def forget(
    *,
    user: Annotated[
        str, typer.Option("--user", metavar="ID", help="The user's number in Exepron (user_id).")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else; needs --yes.")
    ] = False,
) -> None:
    """Erase a person from every table, kept snapshot, landed page and Parquet file, and keep them out."""
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.erasure import erase_person
    from exepron_pipeline.errors import ConfigurationError

    with open_engine() as engine:
        if not yes:
            if as_json:
                raise ConfigurationError("--json asks nothing.", hint="Add --yes.")
            where = engine.settings.data_dir
            typer.confirm(f"Erase user {user} from everything in {where}? This cannot be undone", abort=True)
        erased = erase_person(engine, user)
    if as_json:
        print(json.dumps(erased.as_json()))
        return
    for line in _told(erased, user):
        print(line)


def _told(erased: "Erased", user: str) -> list[str]:
    rows = [f"  {table}: {count} rows" for table, count in sorted(erased.rows.items())]
    files = [f"  written anew: {path}" for path in erased.rewritten]
    gone = [f"  deleted, as it is damaged: {path}" for path in erased.deleted]
    return [
        f"User {user} is erased:" if rows else f"User {user} was in no table of the warehouse.",
        *rows,
        *files,
        *gone,
        f"  raw pages deleted: {erased.pages}",
        "What Exepron sends of them from now on is blanked before it is stored.",
        "Not reached: backups elsewhere, files that somebody exported, Dagster's event log, and Exepron itself.",
    ]

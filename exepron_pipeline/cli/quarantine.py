"""``exepron quarantine``: records that did not land: which, why, and decoding them again."""

import json
from typing import TYPE_CHECKING

import typer

from exepron_pipeline.cli.console import output
from exepron_pipeline.cli.sync import Json, Sets

if TYPE_CHECKING:
    from exepron_pipeline.land.quarantine import Quarantined
    from exepron_pipeline.replay import Replay

app = typer.Typer(help="Rejected records: list them, or decode them again.", no_args_is_help=True)

EMPTY = "Nothing is in the quarantine."


@app.command("list")
def list_records(entity_sets: Sets = None, *, as_json: Json = False) -> None:
    """List the records that did not land and are not settled: key, reason, page, load, when."""
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.extract.spool import has_page
    from exepron_pipeline.replay import quarantined

    with open_engine() as engine:
        found = quarantined(engine, entity_sets or ())
        state_dir = engine.settings.state_dir
    rows = [_row(each, is_kept=each.page is not None and has_page(state_dir, each.page)) for each in found]
    if as_json:
        print(json.dumps({"quarantine": rows}))
        return
    if not rows:
        output().print(EMPTY)
        return
    _print(rows, ("entity_set", "account_id", "key", "reason", "page", "load_id", "quarantined_at"))
    output().print("What fits the catalogue now lands by: exepron quarantine replay")


@app.command("replay")
def replay_records(entity_sets: Sets = None, *, as_json: Json = False) -> None:
    """Decode rejected records again under today's catalogue, and land those that fit."""
    from exepron_pipeline.engine import open_engine
    from exepron_pipeline.replay import replay

    with open_engine() as engine:
        found = replay(engine, entity_sets or ())
        load_id = engine.load_id
    failed = [each.failure for each in found.values() if each.failure]
    if as_json:
        sets = {name: each.as_json() for name, each in found.items()}
        print(json.dumps({"ok": not failed, "load_id": load_id, "entity_sets": sets}))
    else:
        _tell(found)
    if failed:
        partly = any(not each.failure for each in found.values())
        raise typer.Exit(1 if partly else failed[0].exit_code)


def _row(each: "Quarantined", *, is_kept: bool) -> dict[str, object]:
    return {
        "entity_set": each.entity_set,
        "account_id": each.account_id,
        "key": each.key,
        "reason": each.reason,
        "page": each.page,
        "page_kept": is_kept,
        "load_id": each.load_id,
        "quarantined_at": each.quarantined_at.isoformat(timespec="seconds"),
    }


def _print(rows: list[dict[str, object]], names: tuple[str, ...]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in names:
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        shown = row if row.get("page_kept", True) else row | {"page": "gone" if row["page"] else "not kept"}
        table.add_row(*(Text("" if shown[name] is None else str(shown[name])) for name in names))
    output().print(table)


def _tell(found: "dict[str, Replay]") -> None:
    if not found:
        output().print(EMPTY)
    for name, each in found.items():
        came = f"{each.inserted} inserted, {each.updated} updated, {each.unchanged} unchanged"
        newer = f"; {each.superseded} left alone, for their rows are newer" if each.superseded else ""
        output().print(f"{name}: {came}{newer}; {len(each.left)} stay.", markup=False)
        if each.error:
            typer.echo(f"{name}: {each.error}", err=True)
    stay: list[dict[str, object]] = [
        {"entity_set": name, "key": record.key, "why it stays": why}
        for name, each in found.items()
        for record, why in each.left
    ]
    if stay:
        _print(stay, ("entity_set", "key", "why it stays"))

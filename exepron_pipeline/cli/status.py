"""``exepron status``: how each entity set stands, from the snapshot and the last attempts."""

import json
from typing import Annotated, Any

import typer

STATES = """
    SELECT entity_set, max(finished_at) AS last_load, arg_max(mode, finished_at) AS mode,
           arg_max(evidence, finished_at) AS evidence
    FROM ops.loads WHERE status = 'ok' GROUP BY entity_set
"""
ROWS = """
    SELECT entity_set, sum(live_rows)::BIGINT AS rows
    FROM (FROM ops.counts QUALIFY row_number() OVER (PARTITION BY entity_set, account_id ORDER BY counted_at DESC) = 1)
    GROUP BY entity_set
"""
WATERMARKS = "SELECT entity_set, max(watermark) AS watermark FROM ops.watermarks GROUP BY entity_set"


def status(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Show each entity set: last load, rows, watermark, evidence, last error."""
    from exepron_pipeline.settings import load_settings

    found = entity_sets_status(load_settings())
    if as_json:
        print(json.dumps({"entity_sets": found}, default=str))
        return
    _print(found)


def entity_sets_status(settings: Any) -> dict[str, dict[str, Any]]:
    """Collect the state of each entity set by name; empty when nothing was ever tried."""
    from exepron_pipeline.land.attempts import read_attempts
    from exepron_pipeline.publish.reader import open_snapshot

    found: dict[str, dict[str, Any]] = {}
    if settings.snapshot_path.exists():
        with open_snapshot(settings.snapshot_path) as reader:
            for sql in (STATES, ROWS, WATERMARKS):
                for row in reader.query(sql).to_pylist():
                    found.setdefault(row.pop("entity_set"), {}).update(row)
    for name, attempt in read_attempts(settings.state_dir).items():
        tried = {
            "last_attempt": attempt["finished_at"],
            "status": attempt["status"],
            "error": attempt["error"],
        }
        found.setdefault(name, {}).update(tried)
    return found


def _print(found: dict[str, dict[str, Any]]) -> None:
    from rich.table import Table

    from exepron_pipeline.cli.console import output

    table = Table(box=None, pad_edge=False, header_style="bold")
    names = ("status", "last_load", "rows", "watermark", "evidence", "error")
    for name in ("entity set", *names):
        table.add_column(name.replace("_", " "), justify="right" if name == "rows" else "left")
    for entity_set, state in sorted(found.items()):
        table.add_row(entity_set, *(_cell(state.get(name)) for name in names))
    output().print(table if found else "Nothing was loaded yet. Start with: exepron sync")


def _cell(value: Any) -> str:
    from datetime import datetime

    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else str(value)

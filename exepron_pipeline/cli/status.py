"""``exepron status``: who is signed in, and how each entity set stands; nobody is asked for it."""

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from exepron_pipeline.cli.console import output
from exepron_pipeline.errors import ConfigurationError

if TYPE_CHECKING:
    from exepron_pipeline.auth.signin import SignIn
    from exepron_pipeline.extract.standing import Standing
    from exepron_pipeline.publish.reader import Reader
    from exepron_pipeline.settings import Settings

STATES = """
    SELECT entity_set, epoch_us(max(finished_at)) AS last_load, arg_max(mode, finished_at) AS mode,
           arg_max(evidence, finished_at) AS evidence
    FROM ops.loads WHERE status = 'ok' AND mode NOT IN ('replay', 'by_key') GROUP BY entity_set
"""
ROWS = """
    SELECT entity_set, sum(live_rows)::BIGINT AS rows
    FROM (FROM ops.counts QUALIFY row_number() OVER (PARTITION BY entity_set, account_id ORDER BY counted_at DESC) = 1)
    GROUP BY entity_set
"""
WATERMARKS = (
    "SELECT entity_set, epoch_us(max(watermark)) AS watermark FROM ops.watermarks GROUP BY entity_set"
)
COPY = "SELECT load_id, epoch_us(published_at) AS published_at FROM ops.snapshot"
INSTANTS = ("last_load", "watermark", "published_at")


def status(
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document and nothing else.")
    ] = False,
) -> None:
    """Show each entity set (last load, rows, watermark, evidence, last error), the last copy, and who is signed in."""
    from exepron_pipeline.settings import load_settings

    settings = load_settings()
    found, known = entity_sets_status(settings), sign_ins(settings)
    unknown = still_unknown(settings)
    if as_json:
        told = {name: each.as_json() for name, each in known.items()}
        missing = {
            name: [each.entity_set for each in sets if each.is_unknown] for name, sets in unknown.items()
        }
        whole = {"entity_sets": found, "sign_ins": told, "unknown": missing, "copies": copies(settings)}
        print(json.dumps(whole, default=str))
        return
    _print(found)
    for line in _copies_told(copies(settings)):
        output().print(line, markup=False, soft_wrap=True)
    for name, each in known.items():
        for line in each.lines():
            output().print(f"sign-in {name}: {line}", markup=False, soft_wrap=True)
    _print_unknown(unknown)


def copies(settings: "Settings") -> list[dict[str, Any]]:
    """What the warehouse could be restored from: the snapshot, then those that are kept, the newest first."""
    from exepron_pipeline.publish.kept import list_kept
    from exepron_pipeline.publish.reader import open_snapshot

    found = []
    for path in [settings.snapshot_path, *reversed(list_kept(settings.snapshot_path).values())]:
        if path.exists():
            with open_snapshot(path) as reader:
                told = _rows(reader, COPY)
            found += [{"path": str(path), **each} for each in told]
    return found


def _rows(reader: "Reader", sql: str) -> list[dict[str, Any]]:
    """Rows of a snapshot; instants are asked for in microseconds, for which nothing else is to be loaded."""
    from exepron_pipeline.land.sql import instant

    found = reader.rows(sql)
    return [{k: instant(v) if k in INSTANTS else v for k, v in row.items()} for row in found]


def _copies_told(found: list[dict[str, Any]]) -> list[str]:
    told = [f"{each['path']} (load {each['load_id']}, {_cell(each['published_at'])} UTC)" for each in found]
    kept = [f"kept copies: {', '.join(told[1:])}"] if told[1:] else []
    return [f"last good copy: {told[0]}", *kept] if told else []


def _print_unknown(unknown: "dict[str, list[Standing]]") -> None:
    from exepron_pipeline.extract.standing import MORE, in_words

    for name, sets in unknown.items():
        text = in_words(sets)
        if text:
            output().print(f"unknown {name}: {text}. {MORE}", markup=False, soft_wrap=True)


def sign_ins(settings: "Settings") -> dict[str, "SignIn"]:
    """Tell of each connection who is signed in, by what is stored; empty when none is set up."""
    from exepron_pipeline.auth.signin import stored_sign_in

    try:
        connections = settings.connections()
    except ConfigurationError:
        return {}  # nothing is set up yet; the verbs that sign in say what is missing
    kept = (settings.state_dir, settings.token_store)
    return {connection.name: stored_sign_in(connection, *kept) for connection in connections}


def still_unknown(settings: "Settings") -> "dict[str, list[Standing]]":
    """Tell of each connection how its entity sets stand, by what is remembered; none of a service that was never met."""
    from exepron_pipeline.catalogue import load_catalogue
    from exepron_pipeline.extract.profile import Profile
    from exepron_pipeline.extract.standing import standings

    try:
        profiles = {each.name: Profile.of(each, settings.state_dir) for each in settings.connections()}
    except ConfigurationError:
        return {}
    offered, set_one = load_catalogue(settings.catalogue).offered, settings.generation
    met = {
        name: (profile, profile.generation if set_one == "auto" else set_one)
        for name, profile in profiles.items()
        if not profile.is_empty
    }
    return {
        name: standings(offered, profile, generation)
        for name, (profile, generation) in met.items()
        if generation
    }


def entity_sets_status(settings: "Settings") -> dict[str, dict[str, Any]]:
    """Collect the state of each entity set by name; empty when nothing was ever tried."""
    from exepron_pipeline.land.attempts import read_attempts
    from exepron_pipeline.publish.reader import open_snapshot

    found: dict[str, dict[str, Any]] = {}
    if settings.snapshot_path.exists():
        with open_snapshot(settings.snapshot_path) as reader:
            for sql in (STATES, ROWS, WATERMARKS):
                for row in _rows(reader, sql):
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

    table = Table(box=None, pad_edge=False, header_style="bold")
    names = ("status", "last_load", "rows", "watermark", "evidence", "error")
    for name in ("entity set", *names):
        table.add_column(name.replace("_", " "), justify="right" if name == "rows" else "left")
    for entity_set, state in sorted(found.items()):
        table.add_row(entity_set, *(_cell(state.get(name)) for name in names))
    output().print(table if found else "Nothing was loaded yet. Start with: exepron sync")


def _cell(value: Any) -> str:
    from datetime import datetime

    from rich.markup import escape

    if value is None:
        return ""
    return f"{value:%Y-%m-%d %H:%M:%S}" if isinstance(value, datetime) else escape(str(value))

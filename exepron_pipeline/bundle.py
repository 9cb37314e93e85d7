"""What somebody else needs to know to help, in one document without any value of the data. Asks nobody.

Here: what goes in, section by section. Not here: taking values out of sentences (``masked.py``), and where it is saved
(``cli/bundle.py``). Everything is built up from what is known to be harmless; nothing is copied and then cleaned, but
for error messages.
"""

import platform
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from importlib import metadata
from typing import Any
from urllib.parse import urlsplit

from exepron_pipeline import __version__
from exepron_pipeline.catalogue import Catalogue, load_catalogue
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.extract.profile import Answer, Profile
from exepron_pipeline.land.attempts import read_attempts
from exepron_pipeline.masked import masked, masked_names
from exepron_pipeline.publish.reader import Reader, open_snapshot
from exepron_pipeline.settings import Connection, Settings

Plain = dict[str, Any]

_PACKAGES = ("dagster", "duckdb", "httpx", "pyarrow", "pydantic", "authlib")
_PLAIN_SETTINGS = (
    "grant", "scope", "token_store", "generation", "concurrency", "rate", "daily_requests", "page_size", "timeout", "timezone",
    "calendar_zone", "lookback_hours", "max_deleted_share", "max_rejected_share", "contract", "personal",
    "publish_exclude",
)  # fmt: skip
"""Settings whose values are choices or measures of ours. Of all others it is told only whether they are set."""
_MAGNITUDES = ("none", "up to ten", "tens", "hundreds", "thousands", "ten thousands", "hundred thousands")

COLUMNS = """
    SELECT schema_name || '.' || table_name AS "table", column_name AS "column", data_type AS type
    FROM duckdb_columns() WHERE schema_name IN ('core', 'marts') ORDER BY ALL
"""
QUALITY = (
    'SELECT table_name AS "table", column_name AS "column", state, why FROM marts.data_quality ORDER BY ALL'
)
EXTRAS = """
    SELECT DISTINCT key AS field, type FROM (
        SELECT unnest(json_keys(_extra)) AS key, _extra FROM core.{table} WHERE _extra IS NOT NULL LIMIT 10000
    ), LATERAL (SELECT json_type(_extra, '$."' || replace(key, '"', '') || '"') AS type) ORDER BY ALL
"""


def bundle(settings: Settings) -> Plain:
    """Collect everything; what cannot be read is said in its place.

    Args:
        settings: As loaded; no secret of them is looked at.

    """
    catalogue = load_catalogue(settings.catalogue)
    attempts = read_attempts(settings.state_dir)
    return {
        "about": _about(),
        "settings": _settings(settings),
        "services": [
            _service(place, each, settings, catalogue) for place, each in enumerate(_connections(settings), 1)
        ],
        "entity_sets": {name: _attempt(each, catalogue) for name, each in sorted(attempts.items())},
        "schema": _schema(settings),
    }


def _about() -> Plain:
    return {
        "made_at": f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}",
        "exepron_pipeline": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in _PACKAGES},
    }


def _settings(settings: Settings) -> Plain:
    chosen = {name: getattr(settings, name) for name in _PLAIN_SETTINGS}
    others = sorted(set(Settings.model_fields) - set(_PLAIN_SETTINGS) - {"api_url", "identity_url"})
    return {
        "api_url": _address(settings.api_url),
        "identity_url": _address(settings.identity_url),
        **{name: list(value) if isinstance(value, tuple) else value for name, value in chosen.items()},
        "set": [name for name in others if name in settings.model_fields_set and getattr(settings, name)],
        "not_set": [
            name for name in others if not (name in settings.model_fields_set and getattr(settings, name))
        ],
    }


def _address(url: str) -> str:
    """Scheme, host and path of a setting: without user and query."""
    parts = urlsplit(url)
    return (
        f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}{masked_names(parts.path)}"
    )


def _connections(settings: Settings) -> tuple[Connection, ...]:
    try:
        return settings.connections()
    except ExepronError:
        return ()  # what is missing stands under settings


def _service(place: int, connection: Connection, settings: Settings, catalogue: Catalogue) -> Plain:
    """What one service turned out to be; connections are numbered, for their names are people's."""
    profile = Profile.of(connection, settings.state_dir)
    answers = {name: list(_answers(profile.answers(name))) for name in catalogue.entity_sets}
    limits = {name: profile.page_limit(name) for name, found in answers.items() if found}
    return {
        "connection": place,
        "api_url": _address(connection.api_url),
        "generation": profile.generation,
        "describes_itself": profile.is_described,
        "answers": {name: found for name, found in answers.items() if found},
        "never_asked": [name for name, found in answers.items() if not found],
        "most_records_at_once": {name: limit for name, limit in limits.items() if limit},
    }


def _answers(answers: Iterable[Answer]) -> Iterator[Plain]:
    for each in answers:
        yield {"path": masked_names(each.path), "answer": each.verdict, "on": f"{each.on:%Y-%m-%d}"}


def _attempt(attempt: Plain, catalogue: Catalogue) -> Plain:
    """The last attempt at one entity set: how it ended, and measures without exact numbers of records."""
    counts = ("fetched", "inserted", "updated", "deleted", "quarantined", "rows")
    error = attempt.get("error")
    return {
        "status": attempt.get("status"),
        "mode": attempt.get("mode"),
        "evidence": attempt.get("evidence"),
        "complete": attempt.get("complete"),
        "on": str(attempt.get("finished_at"))[:10],
        "seconds": round(float(attempt.get("seconds") or 0), 1),
        "requests": attempt.get("requests"),
        "pages": attempt.get("pages"),
        **{name: magnitude(attempt[name]) for name in counts if isinstance(attempt.get(name), int)},
        **({"error": masked(str(error), catalogue)} if error else {}),
    }


def magnitude(count: int) -> str:
    """About how many; exact numbers of records are the customer's."""
    return _MAGNITUDES[min(len(str(count)) if count else 0, len(_MAGNITUDES) - 1)]


def _schema(settings: Settings) -> Plain:
    """Names and types of what came, as it is published; fields of records that no column takes, too."""
    if not settings.snapshot_path.exists():
        return {"problem": "nothing was published yet"}
    try:
        with open_snapshot(settings.snapshot_path) as reader:
            found = reader.query(COLUMNS).to_pylist()
            quality = {(row["table"], row["column"]): row for row in _quality(reader, found)}
            tables: Plain = {}
            for row in found:
                known = quality.get((row["table"], row["column"]), {})
                told = " ".join(filter(None, [known.get("state"), known.get("why")]))
                tables.setdefault(row["table"], {})[masked_names(row["column"])] = (
                    f"{row['type']}{told and f', {told}'}"
                )
            absent = sorted(
                {f"{row['table']}: {row['why']}" for row in quality.values() if row["table"] not in tables}
            )
            return {"tables": tables, "absent": absent, "further_fields": _extras(reader, found)}
    except ExepronError as error:
        return {"problem": type(error).__name__}


def _quality(reader: Reader, found: list[Plain]) -> list[Plain]:
    has_it = any(row["table"] == "marts.data_quality" for row in found)
    rows: list[Plain] = reader.query(QUALITY).to_pylist() if has_it else []
    return rows


def _extras(reader: Reader, found: list[Plain]) -> Plain:
    """Fields that came and are no columns, with the types of their JSON."""
    tables = [row["table"] for row in found if row["column"] == "_extra" and row["table"].startswith("core.")]
    extras: Plain = {}
    for table in tables:
        rows = reader.query(EXTRAS.format(table=f'"{table.removeprefix("core.")}"')).to_pylist()
        if rows:
            extras[table] = {masked_names(row["field"]): str(row["type"]).lower() for row in rows}
    return extras

"""An earlier state of the tables, under their usual names. Here: views for one instant.

Not here: what the history macros answer (``land/history.py``).
"""

from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.land.sql import instant, name, text
from exepron_pipeline.publish.tables import list_tables

PAST = "past"
_SUFFIX = "_as_of"
_UNCHANGED = ("history", "ops")


def instant_of(con: DuckDBPyConnection, as_of: datetime | str) -> datetime | None:
    """Which instant is meant; None when the open snapshot shows that load as it is.

    Args:
        con: A connection whose current database is the snapshot.
        as_of: An instant with its zone, the same as ISO 8601 text, or the name of a load.

    Raises:
        ConfigurationError: It is none of them.

    """
    if isinstance(as_of, datetime):
        return as_of
    published = con.execute("SELECT load_id FROM ops.snapshot").fetchall()
    if (as_of,) in published:
        return None
    landed = "SELECT epoch_us(max(finished_at)) FROM ops.loads WHERE load_id = ? AND status = 'ok'"
    [(finished,)] = con.execute(landed, [as_of]).fetchall()
    return instant(finished) or _parsed(as_of)


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        hint = '`exepron query "SELECT DISTINCT load_id FROM ops.loads"` lists the loads; or give an instant.'
        raise ConfigurationError(
            f"{text!r} is no load of this warehouse and no instant.", hint=hint
        ) from None


def show_past(con: DuckDBPyConnection, catalog: str, at: datetime) -> None:
    """Make ``core`` of this connection hold what the warehouse knew at ``at``; ``marts`` is not shown.

    A second database, in memory, becomes the current one: its ``history`` and ``ops`` are those of
    ``catalog``, its ``core`` reads the history macros with ``at`` on both axes of time.

    Args:
        con: A connection with ``catalog`` attached.
        catalog: Name of the attached snapshot.
        at: A time with its zone.

    Raises:
        ConfigurationError: ``at`` carries no zone.

    """
    if at.tzinfo is None:
        hint = "Give one: datetime(2026, 11, 2, 18, tzinfo=UTC)."
        raise ConfigurationError(f"as_of={at.isoformat()} carries no time zone.", hint=hint)
    con.execute(f"ATTACH ':memory:' AS {PAST}")
    for schema in ("core", *_UNCHANGED):
        con.execute(f"CREATE SCHEMA {name(PAST, schema)}")
    for schema, table in list_tables(con, _UNCHANGED):
        con.execute(f"CREATE VIEW {name(PAST, schema, table)} AS FROM {name(catalog, schema, table)}")
    con.execute(f"USE {PAST}")
    moment = f"{text(at.isoformat())}::TIMESTAMPTZ"
    for macro, parameters, body in _macros(con, catalog):
        con.execute(f"CREATE MACRO {name('history', macro)}({', '.join(parameters)}) AS TABLE {body}")
        table = macro.removesuffix(_SUFFIX)
        con.execute(f"CREATE VIEW {name('core', table)} AS FROM {name('history', macro)}({moment}, {moment})")


def _macros(con: DuckDBPyConnection, catalog: str) -> list[tuple[str, list[str], str]]:
    """Name, parameters and body of each ``history.…_as_of``.

    They are made anew beside the views: a macro looks for its tables in the current database only.
    """
    return con.execute(
        "SELECT function_name, parameters, macro_definition FROM duckdb_functions() "
        "WHERE database_name = ? AND schema_name = 'history' AND function_type = 'table_macro' "
        "AND ends_with(function_name, ?) ORDER BY function_name",
        [catalog, _SUFFIX],
    ).fetchall()

"""A copy from before a person was forgotten, which is to be used again. Not here: forgetting them (``steps.py``)."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pyarrow as pa

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.catalogue.people import Naming, people_in
from exepron_pipeline.land.sql import name, text
from exepron_pipeline.normalise.forgotten import Forgotten
from exepron_pipeline.publish.forget.erase import Eraser
from exepron_pipeline.publish.forget.traces import values_of
from exepron_pipeline.publish.rewrite import rewrite
from exepron_pipeline.publish.tables import list_columns, list_tables
from exepron_pipeline.settings import Settings


def forget_again(path: Path, settings: Settings) -> None:
    """Erase everybody who is on the list of the forgotten from a database file that nobody else has open."""
    forgotten = Forgotten.read(settings.state_dir)
    if not forgotten:
        return
    catalogue = load_catalogue(settings.catalogue)
    people = people_in(catalogue)
    with duckdb.connect() as con:
        con.execute(f"ATTACH {text(str(path))} AS copy (READ_ONLY); USE copy")
        users = _found(con, people, forgotten)
        erasers = [Eraser(catalogue, people, user, values_of(con, catalogue, people, user)) for user in users]

    def erase(con: duckdb.DuckDBPyConnection) -> None:
        for eraser in erasers:
            eraser(con)

    if erasers:
        rewrite(path, erase)


def _found(con: duckdb.DuckDBPyConnection, people: Mapping[str, Naming], forgotten: Forgotten) -> list[str]:
    """The ids of forgotten people that a database holds."""
    ids: set[str] = set()
    for schema, table in list_tables(con, ("core", "history")):
        naming = people.get(table, Naming(()))
        for column in set(naming.ids) & set(list_columns(con, schema, table)):
            listed = f"SELECT DISTINCT CAST({name(column)} AS VARCHAR) FROM {name(schema, table)}"
            ids |= {each for (each,) in con.execute(f"{listed} WHERE {name(column)} IS NOT NULL").fetchall()}
    known = pa.array(sorted(ids), pa.string())
    found: list[str] = known.filter(forgotten.among(known)).to_pylist()
    return found

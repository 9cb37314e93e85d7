"""Erasing a person from the tables of a database. Here: which cells. Not here: which databases (``steps.py``).

A record that is the person keeps its key and its times and nothing else, since other records refer to it. Rows
that changed lose their hash: the next load compares them value by value (``land/complete.py``).
"""

from collections.abc import Iterable, Mapping

import duckdb

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.catalogue.people import Naming
from exepron_pipeline.land.fingerprint import HASH
from exepron_pipeline.land.sql import name, same, text
from exepron_pipeline.publish.forget.traces import forms
from exepron_pipeline.publish.tables import list_columns, list_tables

_TIMES = {
    *("_account_id", "_load_id", "_loaded_at", "_deleted_at"),
    *("_op", "_valid_from", "_valid_to", "_known_from", "_known_to"),
}
_EXTRA = "_extra"


class Eraser:
    """Erases one person from databases.

    Args:
        catalogue: Tells keys and cursors.
        people: How its entity sets name people.
        user_id: Whom.
        values: Texts that name them wherever they stand; see `traces.values_of`.

    """

    def __init__(
        self, catalogue: Catalogue, people: Mapping[str, Naming], user_id: str, values: Iterable[str]
    ) -> None:
        self._catalogue, self._people = catalogue, people
        self._user, self._values = text(user_id), sorted(values, key=len, reverse=True)
        self.rows: dict[str, int] = {}
        """Rows that were changed, by table."""

    def __call__(self, con: duckdb.DuckDBPyConnection) -> None:
        """Erase from the current database."""
        tables = list_tables(con)
        for schema, table in tables:
            entity_set, _, child = table.partition("__")
            naming = self._people.get(entity_set)
            if naming and schema in {"core", "history"}:
                if child:
                    self._items(con, schema, entity_set, child, naming)
                else:
                    self._records(con, schema, table, naming)
        for schema, table in tables:
            self._texts(con, schema, table)
        persons = [each for each, naming in self._people.items() if naming.is_person]
        rejected = f"list_contains([{', '.join(map(text, persons))}], entity_set) AND key = {self._user}"
        self._run(con, "ops.quarantine", f"DELETE FROM ops.quarantine WHERE {rejected}")

    def _records(self, con: duckdb.DuckDBPyConnection, schema: str, table: str, naming: Naming) -> None:
        columns = list_columns(con, schema, table)
        if naming.is_person:
            entity_set = self._catalogue.entity_sets[table]
            kept = {*entity_set.key, entity_set.cursor, HASH, *_TIMES}
            blanked = {column: naming.ids for column in columns if column not in kept}
        else:
            blanked = {**naming.described, _EXTRA: naming.ids}
        self._blank(con, schema, table, columns, {c: ids for c, ids in blanked.items() if c in columns})

    def _items(
        self, con: duckdb.DuckDBPyConnection, schema: str, parent: str, child: str, naming: Naming
    ) -> None:
        table, own = f"{parent}__{child}", naming.lists.get(child, Naming(()))
        key = (*self._catalogue.entity_sets[parent].key, "_account_id")
        refers = f"SELECT 1 FROM {name(schema, parent)} p WHERE {same(key, 'p', 't')} AND {self._is(naming.ids, 'p')}"
        if naming.is_person:
            self._run(
                con, f"{schema}.{table}", f"DELETE FROM {name(schema, table)} t WHERE EXISTS ({refers})"
            )
            return
        columns = list_columns(con, schema, table)
        by_parent = [c for c, ids in own.described.items() if not ids and c in columns]
        self._blank(
            con, schema, table, columns, {c: ids for c, ids in own.described.items() if ids and c in columns}
        )
        if by_parent and naming.ids:
            values = ", ".join(f"{name(column)} = NULL" for column in by_parent)
            sql = f"UPDATE {name(schema, table)} t SET {values} WHERE EXISTS ({refers})"
            self._run(con, f"{schema}.{table}", sql)

    def _blank(
        self,
        con: duckdb.DuckDBPyConnection,
        schema: str,
        table: str,
        columns: Iterable[str],
        blanked: Mapping[str, tuple[str, ...]],
    ) -> None:
        """Set each column to null where one of its ids is the person's; the hash of what changed goes too."""
        ids = [each for each in dict.fromkeys(sum(blanked.values(), ())) if each in columns]
        if not ids:
            return
        theirs = {
            column: self._is([each for each in own if each in columns], "t")
            for column, own in blanked.items()
        }
        changed = " OR ".join(f"({name(column)} IS NOT NULL AND {holds})" for column, holds in theirs.items())
        values = [
            f"{name(c)} = CASE WHEN {holds} THEN NULL ELSE {name(c)} END" for c, holds in theirs.items()
        ]
        values += [f"{name(HASH)} = NULL"] if HASH in columns else []
        sql = f"UPDATE {name(schema, table)} t SET {', '.join(values)} WHERE {changed}"
        self._run(con, f"{schema}.{table}", sql)

    def _is(self, ids: Iterable[str], of: str) -> str:
        tests = [f"CAST({name(of, each)} AS VARCHAR) = {self._user}" for each in ids]
        return f"coalesce({' OR '.join(tests)}, false)" if tests else "false"

    def _texts(self, con: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
        """Take the person's values out of texts, wherever they stand."""
        for column, type_ in list_columns(con, schema, table).items():
            if type_ in {"VARCHAR", "JSON"} and self._values:
                cell = f"CAST({name(column)} AS VARCHAR)"
                found = " OR ".join(f"contains({cell}, {text(each)})" for each in self._forms())
                cleaned = cell
                for each in self._forms():
                    cleaned = f"replace({cleaned}, {text(each)}, '')"
                sql = f"UPDATE {name(schema, table)} SET {name(column)} = nullif({cleaned}, '') WHERE {found}"
                self._run(con, f"{schema}.{table}", sql)

    def _forms(self) -> list[str]:
        return list(dict.fromkeys(form for value in self._values for form in forms(value)))

    def _run(self, con: duckdb.DuckDBPyConnection, table: str, sql: str) -> None:
        [(count,)] = con.execute(sql).fetchall()
        if count:
            self.rows[table] = self.rows.get(table, 0) + count

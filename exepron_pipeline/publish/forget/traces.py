"""What is known of a person in a database: the values by which their other traces are found. Not here: erasing."""

import json
from collections.abc import Mapping

import duckdb

from exepron_pipeline.catalogue import Catalogue
from exepron_pipeline.catalogue.people import Naming
from exepron_pipeline.land.sql import name
from exepron_pipeline.publish.tables import list_columns, list_tables

_FIRST, _LAST = "first_name", "last_name"
_SHORTEST = 6
"""Shorter values are found in texts that are about something else."""


def values_of(
    con: duckdb.DuckDBPyConnection, catalogue: Catalogue, people: Mapping[str, Naming], user_id: str
) -> set[str]:
    """Texts that name this person and nobody else: mail, name to sign in with, first and last name together.

    Values that other people have too, such as a city, are not among them.
    """
    own: set[str] = set()
    for schema, table in list_tables(con, ("core", "history")):
        naming = people.get(table)
        if naming and naming.is_person:
            own |= _of_table(con, schema, table, catalogue, user_id)
    return own


def _of_table(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, catalogue: Catalogue, user_id: str
) -> set[str]:
    entity_set = catalogue.entity_sets[table]
    known = list_columns(con, schema, table)
    kinds = {c.name: c.personal for c in entity_set.columns if c.personal and known.get(c.name) == "VARCHAR"}
    if not kinds or entity_set.key[0] not in known:
        return set()
    telling = {"name": "[^a-zA-Z]", "contact": "[0-9@]"}
    values = [
        f"CASE WHEN regexp_matches({name(column)}, '{telling[kind]}') THEN {name(column)} END"
        for column, kind in kinds.items()
    ]
    if {_FIRST, _LAST} <= set(kinds):
        first, last = name(_FIRST), name(_LAST)
        values += [f"{first} || ' ' || {last}", f"{last} || ' ' || {first}", f"{last} || ', ' || {first}"]
    is_them = f"CAST({name(entity_set.key[0])} AS VARCHAR) = $user"
    listed = f"SELECT DISTINCT unnest([{', '.join(values)}]) FROM {name(schema, table)} WHERE"
    found = con.execute(f"{listed} {is_them} EXCEPT {listed} NOT ({is_them})", {"user": user_id}).fetchall()
    return {value for (value,) in found if value and len(value) >= _SHORTEST}


def forms(value: str) -> tuple[str, ...]:
    """A text as it stands in columns and in JSON, the longest form first."""
    found = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    return tuple(sorted(found, key=len, reverse=True))

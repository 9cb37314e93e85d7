"""Rules that hold for each entity set of the catalogue, after one sync: a new entry is tested unasked."""

import subprocess
import sys

import pytest

from exepron_pipeline.catalogue import load_catalogue

OFFERED = {entity_set.name: entity_set for entity_set in load_catalogue(None).offered}
TYPES = {
    "int": "BIGINT",
    "float": "DOUBLE",
    "text": "VARCHAR",
    "variant": "VARCHAR",
    "bool": "BOOLEAN",
    "date": "DATE",
    "time": "TIME",
    "timestamp": "TIMESTAMP WITH TIME ZONE",
    "binary": "BLOB",
    "json": "JSON",
}
OURS = {"_account_id", "_load_id", "_loaded_at", "_row_hash", "_deleted_at", "_extra"}

each_set = pytest.mark.parametrize("entity_set", OFFERED.values(), ids=OFFERED)


@pytest.fixture(scope="session")
def tables(landed):
    """Comment of each table, by its name with schema."""
    found = landed.query("SELECT schema_name, table_name, comment FROM duckdb_tables()")
    return {f"{row['schema_name']}.{row['table_name']}": row["comment"] for row in found}


@pytest.fixture(scope="session")
def columns(landed):
    """Type and comment of each column, by table and name."""
    found = landed.query("SELECT * FROM duckdb_columns() WHERE NOT internal")
    by_table = {}
    for row in found:
        table = by_table.setdefault(f"{row['schema_name']}.{row['table_name']}", {})
        table[row["column_name"]] = (row["data_type"], row["comment"])
    return by_table


def names_of(entity_set):
    """Tables of an entity set in ``core`` and ``history``."""
    bare = [entity_set.name, *(f"{entity_set.name}__{child.name}" for child in entity_set.children)]
    return [f"{schema}.{name}" for schema in ("core", "history") for name in bare]


@each_set
def test_tables_exist_and_are_explained(tables, columns, entity_set):
    """Each entity set has its tables in ``core`` and ``history``; every table and every column has a comment."""
    for name in names_of(entity_set):
        assert tables[name]
        assert all(comment for _, comment in columns[name].values()), name


@each_set
def test_comments_are_the_catalogues(tables, columns, entity_set):
    """The comments are the catalogue's descriptions, so that analysts read what its authors wrote."""
    assert tables[f"core.{entity_set.name}"].startswith(entity_set.description)
    for column in entity_set.columns_kept("contact-dropped"):
        assert columns[f"core.{entity_set.name}"][column.name][1].startswith(column.description)


@each_set
def test_types_are_the_catalogues(columns, entity_set):
    """Columns of ``core`` are those of the catalogue, in type too, and ours; contact data has no column."""
    found = columns[f"core.{entity_set.name}"]
    kept = entity_set.columns_kept("contact-dropped")
    assert found.keys() == {column.name for column in kept} | OURS
    for column in kept:
        assert found[column.name][0] == TYPES.get(column.type, column.type.upper())
    contact = {column.name for column in entity_set.columns if column.personal == "contact"}
    for name in names_of(entity_set):
        assert not contact & columns[name].keys()


@each_set
def test_keys_are_unique_and_complete(landed, entity_set):
    """No key is null, and none comes twice in an account."""
    key = ", ".join(f'"{name}"' for name in (*entity_set.key, "_account_id"))
    [row] = landed.query(
        f"SELECT count(*) AS rows, count(DISTINCT ({key})) AS keys FROM core.{entity_set.name} "
        f"WHERE NOT list_contains([x IS NULL FOR x IN [{key.replace(', ', '::VARCHAR, ')}::VARCHAR]], true)"
    )
    [total] = landed.query(f"SELECT count(*) AS rows FROM core.{entity_set.name}")
    assert row["rows"] == row["keys"] == total["rows"] > 0


@each_set
def test_each_live_row_has_one_open_version(landed, entity_set):
    """History holds exactly one open version of each live row, with the same hash."""
    rows = landed.query(
        f"SELECT c._row_hash = h._row_hash AS same FROM core.{entity_set.name} c "
        f"FULL JOIN (FROM history.{entity_set.name} WHERE _known_to IS NULL AND _valid_to IS NULL) h "
        f"USING ({', '.join(entity_set.key)}, _account_id)"
    )
    [live] = landed.query(f"SELECT count(*) AS n FROM core.{entity_set.name} WHERE _deleted_at IS NULL")
    assert len(rows) == live["n"]
    assert all(row["same"] for row in rows)


@each_set
def test_nothing_slips_past_the_contract(landed, entity_set):
    """Every field that the sandbox serves is a column or known to be none: nothing is left for ``_extra``."""
    assert landed.query(f"SELECT DISTINCT _extra FROM core.{entity_set.name}") == [{"_extra": None}]


@each_set
def test_the_load_is_in_the_books(landed, entity_set):
    """The load, its counts and, with a cursor, the watermark are in ``ops``, and agree with the table."""
    [load] = landed.query(f"SELECT * FROM ops.loads WHERE entity_set = '{entity_set.name}'")
    [count] = landed.query(f"SELECT * FROM ops.counts WHERE entity_set = '{entity_set.name}'")
    [table] = landed.query(f"SELECT count(*) AS rows FROM core.{entity_set.name}")
    assert (load["status"], load["complete"]) == ("ok", True)
    assert load["inserted"] == count["live_rows"] == count["distinct_keys"] == table["rows"]
    marks = landed.query(f"SELECT * FROM ops.watermarks WHERE entity_set = '{entity_set.name}'")
    assert len(marks) == (1 if entity_set.cursor else 0)


def test_references_lead_somewhere(landed):
    """Where a column refers to another entity set, its values are keys there."""
    for entity_set in OFFERED.values():
        for column in entity_set.columns_kept("contact-dropped"):
            target, _, key = (column.references or "").partition(".")
            if target in OFFERED:
                lost = landed.query(
                    f'SELECT "{column.name}" FROM core.{entity_set.name} WHERE "{column.name}" NOT IN '
                    f'(SELECT "{key}" FROM core.{target}) LIMIT 3'
                )
                assert lost == [], f"{entity_set.name}.{column.name}"


def test_every_macro_answers(landed):
    """Each history has its ``as_of`` macro, and as of now it gives the live rows."""
    for name in OFFERED:
        [found] = landed.query(f"SELECT count(*) AS n FROM history.{name}_as_of('9999-01-01', '9999-01-01')")
        [live] = landed.query(f"SELECT count(*) AS n FROM core.{name} WHERE _deleted_at IS NULL")
        assert found == live


def test_syncing_needs_no_dagster():
    """Neither the engine nor the command line of ``sync`` loads Dagster or pandas."""
    code = (
        "import sys, exepron_pipeline.sync, exepron_pipeline.cli.main, exepron_pipeline.progress; "
        "print([name for name in ('dagster', 'pandas') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"

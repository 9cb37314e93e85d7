from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pyarrow as pa
import pytest

from exepron_pipeline.errors import ContractError

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = START + timedelta(hours=1)


def test_a_first_landing_inserts_every_key(desk, record):
    """Each key of the load is one live row of core, with the columns of ours filled."""
    done = desk.land([record(1), record(2, "b", codes=["x", "y"])], [record(3)])
    assert (done.inserted, done.updated, done.unchanged, done.deleted, done.live_rows) == (3, 0, 0, 0, 3)
    assert desk.rows(
        "SELECT task_id, task_name, _account_id, _load_id, _deleted_at FROM core.tasks ORDER BY 1"
    ) == [
        (1, "a", "17", "load", None),
        (2, "b", "17", "load", None),
        (3, "a", "17", "load", None),
    ]
    assert desk.rows("SELECT task_id, _position, code FROM core.tasks__codes ORDER BY 1, 2") == [
        (2, 0, "x"),
        (2, 1, "y"),
    ]


def test_values_land_exactly(desk, record):
    """Decimals, dates, instants and unknown fields keep their value."""
    early = datetime(1, 1, 1, tzinfo=UTC)
    desk.land([record(1, "ü'\"\x1f", early, cost=Decimal("-0.01"), _extra='{"x":1.10}')])
    sql = "SELECT task_name, cost, share, due_on::VARCHAR, epoch_us(modified_at), _extra FROM core.tasks"
    assert desk.rows(sql) == [
        ("ü'\"\x1f", Decimal("-0.01"), 0.5, "2026-02-01", -62135596800000000, '{"x":1.10}')
    ]


def test_landing_twice_changes_nothing(desk, record):
    """The same load again leaves core and history untouched, to the byte."""
    load = desk.load([record(1, codes=["x"]), record(2)])
    desk.land_load(load)
    before = desk.dump()
    done = desk.land_load(load)
    after = desk.dump()
    assert (done.inserted, done.updated, done.unchanged) == (0, 0, 2)
    assert {name: rows for name, rows in after.items() if "ops." not in name} == {
        name: rows for name, rows in before.items() if "ops." not in name
    }


def test_only_changed_rows_are_written(desk, record):
    """Rows that did not change keep the load that wrote them."""
    desk.land([record(1), record(2)], load_id="first")
    done = desk.land([record(1), record(2, "b", LATER)], load_id="second")
    assert (done.inserted, done.updated, done.unchanged) == (0, 1, 1)
    assert desk.rows("SELECT task_id, _load_id FROM core.tasks ORDER BY 1") == [(1, "first"), (2, "second")]
    assert desk.rows("SELECT count(*) FROM history.tasks WHERE task_id = 1") == [(1,)]


def test_a_changed_list_is_a_changed_record(desk, record):
    """A record whose nested list alone changed is updated, and its old items go."""
    desk.land([record(1, codes=["x", "y"]), record(2, codes=["z"])])
    done = desk.land([record(1, codes=["y"]), record(2, codes=["z"])])
    assert (done.updated, done.unchanged) == (1, 1)
    assert desk.rows("SELECT task_id, _position, code FROM core.tasks__codes ORDER BY 1") == [
        (1, 0, "y"),
        (2, 0, "z"),
    ]


def test_of_a_key_that_came_twice_the_latest_state_lands(desk, record):
    """The greatest cursor wins over the order of arrival, and brings its own list."""
    newer = record(1, "new", LATER, codes=["n"])
    older = record(1, "old", codes=["o1", "o2"])
    done = desk.land([newer], [older], [record(1, "none", None)])
    assert (done.inserted, done.distinct_keys) == (1, 1)
    assert desk.rows("SELECT task_name FROM core.tasks") == [("new",)]
    assert desk.rows("SELECT code FROM core.tasks__codes") == [("n",)]


def test_with_equal_cursors_the_last_that_arrived_lands(desk, record):
    """Between equal cursors the later page wins."""
    desk.land([record(1, "first", codes=["f"])], [record(1, "last")])
    assert desk.rows("SELECT task_name FROM core.tasks") == [("last",)]
    assert desk.rows("SELECT * FROM core.tasks__codes") == []


def test_a_record_is_of_its_account(desk, record):
    """The same key in two accounts is two records."""
    desk.land([record(1)])
    done = desk.land([record(1, "b", _account_id="18")], account_id="18")
    assert done.inserted == 1
    assert desk.rows("SELECT _account_id, task_name FROM core.tasks ORDER BY 1") == [("17", "a"), ("18", "b")]


def test_an_empty_load_makes_the_tables(desk):
    """A set without any record has its tables, empty, and a row in the ledger."""
    done = desk.land()
    assert done.live_rows == 0
    assert desk.rows("SELECT count(*) FROM core.tasks") == [(0,)]
    assert desk.rows("SELECT count(*) FROM history.tasks__codes") == [(0,)]
    assert desk.rows("SELECT entity_set, fetched FROM ops.loads") == [("tasks", 0)]


def test_the_ledger_tells_what_happened(desk, record):
    """Loads, counts and requests carry the numbers of the load."""
    desk.land([record(1), record(2)], requests=3, source_count=2, evidence="count", load_id="n1")
    sql = "SELECT load_id, mode, status, requests, pages, fetched, inserted, evidence, complete, error FROM ops.loads"
    assert desk.rows(sql) == [("n1", "incremental", "ok", 3, 1, 2, 2, "count", True, None)]
    assert desk.rows("SELECT source_count, fetched, distinct_keys, live_rows, evidence FROM ops.counts") == [
        (2, 2, 2, 2, "count")
    ]
    assert desk.rows("SELECT requests, pages FROM ops.requests") == [(3, 1)]


def test_nothing_temporary_stays(desk, record):
    """After landing the connection has no table, view or registration that was not there before."""
    from exepron_pipeline.land.landing import land

    with desk.open() as con:
        land(con, desk.load([record(1, codes=["x"])]))
        assert con.sql("SELECT table_name FROM duckdb_tables() WHERE temporary").fetchall() == []
        assert con.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []


def test_a_page_without_a_column_is_refused(desk, record):
    """A column that the contract names must be in each page: null is never guessed."""
    load = desk.load([record(1)])
    load.tables = [load.tables[0].drop_columns(["cost"])]
    with pytest.raises(ContractError, match="'cost'"):
        desk.land_load(load)


def test_a_value_that_does_not_fit_is_refused_without_being_shown(desk, record):
    """The message names the entity set, never the value."""
    load = desk.load([record(1)])
    number = load.tables[0].schema.get_field_index("share")
    load.tables = [load.tables[0].set_column(number, "share", pa.array(["secret"]))]
    with pytest.raises(ContractError) as caught:
        desk.land_load(load)
    assert "tasks" in str(caught.value)
    assert "secret" not in str(caught.value)


def test_everything_has_a_comment(desk, record):
    """Every table and every column of core, history and ops says what it is."""
    desk.land([record(1)])
    tables = "SELECT schema_name, table_name FROM duckdb_tables() WHERE comment IS NULL"
    columns = "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE comment IS NULL AND NOT internal"
    macros = "SELECT function_name FROM duckdb_functions() WHERE NOT internal AND comment IS NULL"
    assert desk.rows(tables) == []
    assert desk.rows(columns) == []
    assert desk.rows(macros) == []

import duckdb
import pytest

from exepron_pipeline.land.fingerprint import PROBE, list_hash, record_hash

COLUMNS = {
    "a": "VARCHAR",
    "b": "VARCHAR",
    "n": "DECIMAL(9,2)",
    "at": "TIMESTAMP WITH TIME ZONE",
    "x": "DOUBLE",
}


@pytest.fixture
def hash_of():
    """Give the hash of a record with these SQL values, others null."""
    with duckdb.connect() as con:

        def found(types=COLUMNS, zone="UTC", **values):
            con.execute(f"SET TimeZone = '{zone}'")
            columns = ", ".join(f'CAST({values.get(c, "NULL")} AS {t}) AS "{c}"' for c, t in types.items())
            [(number,)] = con.execute(
                f"SELECT {record_hash(types, 'r')} FROM (SELECT {columns}) r"
            ).fetchall()
            return number

        yield found


@pytest.fixture
def hash_of_list():
    """Give the hash of a list of texts, in the order in which they are given."""
    with duckdb.connect() as con:

        def found(*items):
            rows = ", ".join(f"({position}, '{text}')" for position, text in items)
            sql = f"SELECT {list_hash(['_position', 't'], 'i')} FROM (VALUES {rows}) i(_position, t)"
            [(number,)] = con.execute(sql).fetchall()
            return number

        yield found


def test_null_is_not_empty(hash_of):
    """A missing text and an empty one differ."""
    assert hash_of() != hash_of(a="''")


def test_a_value_belongs_to_its_column(hash_of):
    """The same value in another column is another record."""
    assert len({hash_of(a="'x'"), hash_of(b="'x'"), hash_of(a="'x'", b="'x'"), hash_of()}) == 4


def test_the_session_time_zone_does_not_matter(hash_of):
    """An instant has one hash wherever it is read."""
    at = "TIMESTAMPTZ '2026-01-05 12:00:00+00'"
    assert hash_of(at=at, zone="Asia/Tokyo") == hash_of(at=at, zone="UTC")


def test_the_order_of_columns_does_not_matter(hash_of):
    """A catalogue may list its columns in another order."""
    values = {"a": "'x'", "n": "1.5"}
    assert hash_of(dict(reversed(COLUMNS.items())), **values) == hash_of(**values)


def test_the_hash_of_a_list_is_that_of_its_items_at_their_places(hash_of_list):
    """The order of rows does not matter, the position of an item and how often it is there do."""
    assert hash_of_list((0, "x"), (1, "y")) == hash_of_list((1, "y"), (0, "x"))
    assert (
        len({hash_of_list((0, "x"), (1, "y")), hash_of_list((0, "y"), (1, "x")), hash_of_list((0, "x"))}) == 3
    )
    assert hash_of_list((0, "x"), (1, "x")) != hash_of_list((0, "y"), (1, "y"))


def test_what_hashes_rest_on_is_known():
    """DuckDB's hash is what it was when this was written; else every file compares its rows by values once."""
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'Asia/Tokyo'")
        assert con.execute(f"SELECT {PROBE}").fetchall() == [("4133086993647022739",)]


def test_hashes_of_another_duckdb_are_forgotten(desk, record):
    """A file whose hashes were made otherwise is compared by values: nothing counts as changed, and hashes are known again."""
    desk.land([record(1), record(2)], load_id="one")
    [before] = desk.rows("SELECT array_agg(_row_hash ORDER BY task_id) FROM core.tasks")
    desk.rows("UPDATE ops.meta SET hashes = 'of another one'")
    assert desk.rows("SELECT count(_row_hash) FROM core.tasks") == [(0,)]
    done = desk.land([record(1), record(2, "other")], load_id="two")
    assert (done.inserted, done.updated, done.unchanged) == (0, 1, 1)
    [after] = desk.rows("SELECT array_agg(_row_hash ORDER BY task_id) FROM core.tasks")
    assert after[0][0] == before[0][0]
    assert after[0][1] not in {None, before[0][1]}
    assert desk.rows("SELECT count(*) FROM history.tasks WHERE _known_to IS NULL AND _row_hash IS NULL") == [
        (1,)
    ]

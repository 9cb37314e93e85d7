import duckdb
import pytest

from exepron_pipeline.land.fingerprint import record_text

COLUMNS = {
    "a": "VARCHAR",
    "b": "VARCHAR",
    "n": "DECIMAL(9,2)",
    "at": "TIMESTAMP WITH TIME ZONE",
    "x": "DOUBLE",
}


@pytest.fixture
def text_of():
    """Give the text of a record with these SQL values, others null."""
    with duckdb.connect() as con:

        def text(types=COLUMNS, zone="UTC", **values):
            con.execute(f"SET TimeZone = '{zone}'")
            columns = ", ".join(f'CAST({values.get(c, "NULL")} AS {t}) AS "{c}"' for c, t in types.items())
            [(found,)] = con.execute(f"SELECT {record_text(types, 'r')} FROM (SELECT {columns}) r").fetchall()
            return found

        yield text


def test_the_text_of_each_type_is_spelled_out(text_of):
    """These texts are what hashes in warehouses rest on: they must never change."""
    types = {
        "i": "BIGINT", "f": "DOUBLE", "t": "VARCHAR", "b": "BOOLEAN", "d": "DATE", "h": "TIME",
        "s": "TIMESTAMP WITH TIME ZONE", "x": "BLOB", "j": "JSON", "n": "DECIMAL(18,4)", "w": "DECIMAL(18,0)",
    }  # fmt: skip
    values = {
        "i": "-12", "f": "0.1", "t": "'a;b'", "b": "true", "d": "'2026-01-05'", "h": "'01:02:03.5'",
        "s": "'2026-01-05 00:00:00+00'", "x": "'ab'", "j": "'{}'", "n": "100.5", "w": "100",
    }  # fmt: skip
    assert text_of(types, **values) == (
        ";b=true;d=2026-01-05;f=0.1;h=3723500000;i=-12;j=2:{};n=100.5;s=1767571200000000;t=3:a;b;w=100;x=6162"
    )


def test_null_is_not_empty(text_of):
    """A missing text and an empty one differ."""
    assert text_of() == ""
    assert text_of(a="''") == ";a=0:"


def test_no_value_imitates_another(text_of):
    """Text that looks like the frame between values changes the text of the record."""
    assert text_of(a="'x;b=1:y'") != text_of(a="'x'", b="'y'")


def test_the_session_time_zone_does_not_matter(text_of):
    """An instant has one text wherever it is read."""
    at = "TIMESTAMPTZ '2026-01-05 12:00:00+00'"
    assert text_of(at=at, zone="Asia/Tokyo") == text_of(at=at, zone="UTC")


def test_the_order_of_columns_does_not_matter(text_of):
    """A catalogue may list its columns in another order."""
    values = {"a": "'x'", "n": "1.5"}
    assert text_of(dict(reversed(COLUMNS.items())), **values) == text_of(**values)

from pathlib import Path

import duckdb
import pytest

from exepron_pipeline.land import migrate
from exepron_pipeline.land.migrate import MIGRATIONS, VERSION

FIRST_RELEASE = Path(__file__).with_name("first_release.sql")
LAYOUT = "SELECT table_name, column_name, column_index, data_type, comment FROM duckdb_columns() WHERE schema_name = 'ops'"


@pytest.fixture(params=["as it was", "with scopes"])
def old_desk(request, desk):
    """A desk whose warehouse the first release made, in both of its forms."""
    path = desk.warehouse.path
    path.parent.mkdir()
    with duckdb.connect(str(path), config={"storage_compatibility_version": "v1.0.0"}) as con:
        con.execute(f"SET TimeZone = 'UTC'; {FIRST_RELEASE.read_text(encoding='utf-8')}")
        if request.param == "with scopes":
            con.execute(MIGRATIONS[2])
    return desk


def test_a_file_of_the_first_release_becomes_what_a_new_one_is(old_desk, new_desk):
    """Its tables of ours get every column, type and comment that a new file has, in the same order."""
    assert sorted(old_desk.rows(LAYOUT)) == sorted(new_desk().rows(LAYOUT))
    assert old_desk.rows("SELECT version FROM ops.meta") == [(VERSION,)]
    assert old_desk.rows("SELECT * FROM ops.schema_changes WHERE schema_name = 'ops'") == []


def test_nothing_of_it_is_lost(old_desk, record):
    """Rows, versions, watermark and macros are there; landing goes on where the first release stopped."""
    assert old_desk.rows("SELECT watermark_text FROM ops.watermarks") == [("2026-01-05T13:00:00.000000Z",)]
    done = old_desk.land([record(2, "b"), record(4)], load_id="new")
    assert (done.inserted, done.updated, done.unchanged) == (1, 0, 1)
    as_of = "SELECT task_id, task_name FROM history.tasks_as_of('2026-01-05 12:30', '2026-01-06 12:04') ORDER BY ALL"
    assert old_desk.rows(as_of) == [(1, "a"), (2, "b"), (3, "it's")]


def test_a_migration_that_fails_leaves_the_file_as_it_was(old_desk, monkeypatch):
    """All steps are taken, or none: the next program finds the old version and tries again."""
    monkeypatch.setattr(migrate, "VERSION", VERSION + 1)
    broken = {**MIGRATIONS, VERSION + 1: "CREATE TABLE ops.made (n INT); SELECT error('stop')"}
    monkeypatch.setattr(migrate, "MIGRATIONS", broken)
    with pytest.raises(duckdb.Error, match="stop"):
        old_desk.rows("SELECT 1")
    monkeypatch.undo()
    assert old_desk.rows("SELECT version FROM ops.meta") == [(VERSION,)]
    assert old_desk.rows("SELECT * FROM duckdb_tables() WHERE table_name = 'made'") == []


def test_versions_follow_each_other():
    """Each migration makes the version after the former one's; two of the same number are refused when loaded."""
    assert list(MIGRATIONS) == list(range(2, VERSION + 1))

import pytest

LEFT = "INSERT INTO ops.schema_changes VALUES (now(), '', 'core', ?, ?, 'left_out', 'VARCHAR', NULL)"
VERSIONS = "SELECT count(*) FROM history.tasks"


@pytest.fixture
def bare(desk, record):
    """A desk whose rows have no hash, and of whose records and lists a column was left out."""
    desk.land([record(1, codes=["x", "y"]), record(2, "b")])
    for table, column in (("tasks", "cost"), ("tasks__codes", "code")):
        desk.rows(LEFT, [table, column])
        for schema in ("core", "history"):
            desk.rows(f"UPDATE {schema}.{table} SET {column} = NULL")
    desk.rows("UPDATE core.tasks SET _row_hash = NULL")
    desk.rows("UPDATE history.tasks SET _row_hash = NULL")
    return desk


def test_records_that_came_as_they_were_are_completed(bare, record):
    """Values, lists and hashes are filled in, in core and in the open versions; nothing counts as changed."""
    done = bare.land([record(1, codes=["x", "y"]), record(2, "b")])
    assert (done.updated, done.unchanged) == (0, 2)
    assert bare.rows(VERSIONS) == [(2,)]
    for schema in ("core", "history"):
        assert bare.rows(f"SELECT count(cost), count(_row_hash) FROM {schema}.tasks") == [(2, 2)]
        codes = bare.rows(f"SELECT code FROM {schema}.tasks__codes ORDER BY _position")
        assert codes == [("x",), ("y",)]
    assert bare.land([record(1, codes=["x", "y"]), record(2, "b")]).unchanged == 2


@pytest.mark.parametrize("changed", [{"name": "other"}, {"codes": ["x"]}, {"codes": ["x", "y", "z"]}])
def test_what_is_known_to_differ_is_a_change(bare, record, changed):
    """Another value, or a list of another length, is a new version; the other record is completed."""
    done = bare.land([record(1, **{"codes": ["x", "y"], **changed}), record(2, "b")])
    assert (done.updated, done.unchanged) == (1, 1)


def test_records_that_do_not_come_wait(bare, record):
    """A row that a load did not bring is completed by the one that does."""
    assert bare.land([record(2, "b")]).unchanged == 1
    assert bare.rows("SELECT task_id FROM core.tasks WHERE _row_hash IS NULL") == [(1,)]
    assert bare.land([record(1, codes=["x", "y"])]).unchanged == 1

import pytest

from exepron_pipeline.catalogue.model import Column
from exepron_pipeline.errors import ContractError
from exepron_pipeline.land.widening import is_lossless

INSTANT = "TIMESTAMP WITH TIME ZONE"


def without(load, name):
    """Make the load's contract and pages lack a column."""
    load.columns = tuple(column for column in load.columns if column.name != name)
    load.tables = [page.drop_columns([name]) for page in load.tables]
    return load


def retyped(load, name, type_name):
    """Make the contract say another type for a column."""
    load.columns = tuple(
        column.model_copy(update={"type": type_name}) if column.name == name else column
        for column in load.columns
    )
    return load


def changes(desk, table="tasks"):
    """Read the recorded changes of a core table."""
    sql = "SELECT column_name, change, type_before, type_after FROM ops.schema_changes"
    return desk.rows(
        f"{sql} WHERE schema_name = 'core' AND table_name = ? ORDER BY changed_at, column_name", [table]
    )


def test_a_new_column_is_added_and_recorded(desk, record):
    """Old rows hold null there and are not written again; history has it too."""
    desk.land_load(without(desk.load([record(1)], load_id="first"), "cost"))
    done = desk.land([record(1, cost=None), record(2)], load_id="second")
    assert (done.inserted, done.unchanged) == (1, 1)
    assert desk.rows("SELECT task_id, cost::VARCHAR FROM core.tasks ORDER BY 1") == [(1, None), (2, "1.50")]
    assert desk.rows("SELECT count(*) FROM history.tasks_as_of(now(), now()) WHERE cost IS NULL") == [(1,)]
    assert changes(desk) == [("cost", "added", None, "DECIMAL(18,2)")]


def test_a_column_that_left_the_contract_stays(desk, record):
    """Its values stay in rows that are not written again; new rows hold null; it is recorded once."""
    desk.land([record(1)])
    desk.land_load(without(desk.load([record(2)]), "cost"))
    desk.land_load(without(desk.load([record(3)]), "cost"))
    assert desk.rows("SELECT task_id, cost::VARCHAR FROM core.tasks ORDER BY 1") == [
        (1, "1.50"),
        (2, None),
        (3, None),
    ]
    assert changes(desk) == [("cost", "vanished", "DECIMAL(18,2)", None)]


def test_a_decimal_that_grew_is_widened_and_no_row_is_written_again(desk, record):
    """1.50 and 1.5000 are the same value."""
    desk.land([record(1)])
    done = desk.land_load(retyped(desk.load([record(1)]), "cost", "decimal(22,4)"))
    assert done.unchanged == 1
    assert desk.rows("SELECT cost::VARCHAR FROM core.tasks") == [("1.5000",)]
    assert changes(desk) == [("cost", "widened", "DECIMAL(18,2)", "DECIMAL(22,4)")]


def test_a_number_may_become_text(desk, record):
    """Values keep their text, and comments stay."""
    desk.land([record(1)])
    desk.land_load(retyped(desk.load([record(2)]), "cost", "text"))
    assert desk.rows("SELECT cost FROM core.tasks ORDER BY task_id") == [("1.5",), ("1.50",)]
    comment = "SELECT comment FROM duckdb_columns() WHERE schema_name = 'core' AND column_name = 'cost'"
    assert desk.rows(comment) == [("What it costs. Unit: USD.",)]


def test_a_type_that_could_lose_values_is_refused(desk, record):
    """The message names the column, both types and the cure; nothing changes."""
    desk.land([record(1)])
    before = desk.dump()
    with pytest.raises(ContractError, match=r"core\.tasks\.task_name holds VARCHAR, .* BIGINT"):
        desk.land_load(retyped(desk.load([record(1)]), "task_name", "int"))
    assert desk.dump() == before


def test_a_comment_that_changed_is_rewritten(desk, record):
    """The catalogue's words reach the database."""
    desk.land([record(1)])
    load = desk.load([record(1)])
    words = Column(name="task_name", type="text", description="It's called so.")
    load.columns = tuple(words if column.name == "task_name" else column for column in load.columns)
    desk.land_load(load)
    sql = "SELECT DISTINCT comment FROM duckdb_columns() WHERE column_name = 'task_name'"
    assert desk.rows(sql) == [("It's called so.",)]


@pytest.mark.parametrize(
    ("before", "after", "lossless"),
    [
        ("BIGINT", "VARCHAR", True),
        ("BIGINT", "DECIMAL(19,0)", True),
        ("BIGINT", "DECIMAL(20,2)", False),
        ("BIGINT", "DOUBLE", False),
        ("DOUBLE", "DECIMAL(18,2)", False),
        ("DECIMAL(18,2)", "DECIMAL(18,4)", False),
        ("DECIMAL(18,2)", "DECIMAL(20,4)", True),
        ("DECIMAL(18,2)", "DECIMAL(18,1)", False),
        ("DECIMAL(18,2)", "VARCHAR", True),
        ("JSON", "VARCHAR", True),
        ("VARCHAR", "JSON", False),
        ("BLOB", "VARCHAR", False),
        ("DATE", INSTANT, True),
        (INSTANT, "DATE", False),
    ],
)
def test_widening_is_allowed_only_without_loss(before, after, lossless):
    """A type may change only where every value can be kept exactly."""
    assert is_lossless(before, after) is lossless

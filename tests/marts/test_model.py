import pytest

from exepron_pipeline.marts.inputs import view_sql
from exepron_pipeline.marts.model import MARTS, Mart, in_order, parse_mart

TEXT = """-- One row per thing:
-- in two lines.
--
-- reads
--   core.things: thing_id ID,
--     size DECIMAL(18,4)
--   history.things: thing_id ID
-- gives
--   thing_id: Key.
--   owner [personal]: Who has it,
--     since ever.
SELECT 1;
"""


def test_the_opening_comment_is_the_description() -> None:
    """Description, inputs with types, columns with meaning and mark: all come from the file's comment."""
    mart = parse_mart("thing", TEXT)
    assert mart.description == "One row per thing: in two lines."
    assert mart.reads == {
        "core.things": {"thing_id": "ID", "size": "DECIMAL(18,4)"},
        "history.things": {"thing_id": "ID"},
    }
    assert mart.columns == {"thing_id": "Key.", "owner": "Who has it, since ever."}
    assert mart.marks == {"owner": "personal"}
    assert mart.query == "SELECT 1"
    assert mart.depends_on == ("things",)


def test_a_comment_without_its_parts_is_refused() -> None:
    """A file that does not say what it reads is no mart."""
    with pytest.raises(ValueError, match=r"thing\.sql: .*reads"):
        parse_mart("thing", "-- A thing.\nSELECT 1")


def test_the_marts_that_exist() -> None:
    """The business tables, and the entity sets that they read, by themselves or through another one."""
    everything = {name for mart in MARTS for name in mart.depends_on}
    assert {mart.name: set(mart.depends_on) for mart in MARTS} == {
        "data_quality": everything,
        "due_date_slip": {"projects", "tasks"},
        "early_warning_changes": {"projects", "tasks"},
        "fever_chart": {"buffers", "early_warning_history", "projects", "tasks"},
        "project_day": {"projects", "tasks"},
        "project_status": {"accounts", "buffers", "project_groups", "projects", "tasks", "users"},
        "task_day": {"calendar_days", "projects", "tasks"},
    }


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_every_mart_tells_when_it_is_empty(mart: Mart) -> None:
    """A reader of an empty mart is told what must happen first, in the mart's own words."""
    assert f"Empty {mart.empty_until}." in mart.description


def reading(name: str, *tables: str) -> Mart:
    """A mart that reads some tables."""
    return Mart(
        name, "A thing.", {table: {"thing_id": "ID"} for table in tables}, {"thing_id": "Key."}, {}, ""
    )


def test_marts_are_built_after_those_they_read() -> None:
    """Whatever their names, each mart follows those it reads, and inherits the entity sets they depend on."""
    found = in_order([reading("a", "marts.b", "core.x"), reading("b", "marts.c"), reading("c", "history.y")])
    assert [(mart.name, mart.depends_on) for mart in found] == [
        ("c", ("y",)),
        ("b", ("y",)),
        ("a", ("x", "y")),
    ]


def test_marts_in_a_circle_are_refused() -> None:
    """Marts that wait for each other cannot be built."""
    with pytest.raises(ValueError, match="cycle"):
        in_order([reading("a", "marts.b"), reading("b", "marts.a")])


def test_inputs_have_every_column() -> None:
    """Present columns are cast to the wanted type, keys keep theirs, absent ones are typed nulls."""
    wanted = {"thing_id": "ID", "size": "DOUBLE", "colour": "VARCHAR", "other_id": "ID"}
    assert view_sql("core.things", wanted, frozenset({"thing_id", "size"})) == (
        "SELECT thing_id AS thing_id, TRY_CAST(size AS DOUBLE) AS size, CAST(NULL AS VARCHAR) AS colour, "
        "CAST(NULL AS BIGINT) AS other_id FROM core.things"
    )
    assert view_sql("core.things", {"size": "DOUBLE"}, frozenset()).endswith("WHERE false")

import sys
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.marts import MARTS

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def one(scene: Any, sql: str) -> dict[str, Any]:
    """The only row of a query."""
    [row] = scene.rows(sql)
    return row


def everything(scene: Any) -> dict[str, list[dict[str, Any]]]:
    """Every mart's rows."""
    return {mart.name: scene.rows(f"FROM marts.{mart.name} ORDER BY ALL") for mart in MARTS}


def test_parts_make_the_whole(scene: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Built task by task the marts are what they are when all tasks are taken at once."""
    scene.land_sample(NOON)
    scene.build()
    whole = everything(scene)
    assert len({row["task_id"] for row in whole["task_day"]}) > 1
    monkeypatch.setattr(sys.modules["exepron_pipeline.marts.build"], "TASKS_AT_ONCE", 1)
    scene.build()
    assert everything(scene) == whole


def test_status_row(scene: Any) -> None:
    """A project's row joins its names, sums its tasks and takes the size of its project buffer alone."""
    scene.land_sample(NOON)
    built = scene.build()
    assert built["project_status"].rows == 2
    assert built["project_status"].missing == ()
    row = one(scene, "SELECT * FROM marts.project_status WHERE project_id = 10")
    expected = {
        "_account_id": "7",
        "account_name": "Bridges Ltd",
        "project_name": "Bridge",
        "project_group_name": "North",
        "project_manager_name": "Ada Byron",
        "status_code": 3,
        "status_name": "Started",
        "buffer_penetration": 40.0,
        "project_buffer_size_days": Decimal("10.0000"),
        "project_buffer_remaining_days": Decimal("6.0000"),
        "tasks_total": 3,
        "tasks_open": 2,
        "tasks_completed": 1,
        "remaining_days": 10,
        "days_since_change": 3,
        "observed_at": NOON,
    }
    assert {name: row[name] for name in expected} == expected


def test_a_project_without_tasks_has_none(scene: Any) -> None:
    """Where tasks were read, a project without any counts 0 of them."""
    scene.land_sample(NOON)
    scene.build()
    row = one(scene, "SELECT * FROM marts.project_status WHERE project_id = 11")
    assert (row["tasks_total"], row["remaining_days"], row["project_manager_name"]) == (0, None, None)


def test_absent_tables_and_columns_become_nulls(scene: Any) -> None:
    """A service without tasks, and a table without a column, give nulls of the usual type, and are told."""
    scene.land_sample(NOON, "projects")
    scene.execute("ALTER TABLE core.projects DROP COLUMN risk_quotient")
    missing = scene.build()["project_status"].missing
    assert set(missing) == {
        "core.accounts",
        "core.users",
        "core.project_groups",
        "core.tasks",
        "core.buffers",
        "core.projects.risk_quotient",
    }
    row = one(scene, "SELECT * FROM marts.project_status WHERE project_id = 10")
    assert [
        row[n] for n in ("tasks_total", "remaining_days", "risk_quotient", "project_buffer_size_days")
    ] == [None] * 4
    types = scene.rows(
        "SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'project_status'"
    )
    assert {"column_name": "tasks_total", "data_type": "BIGINT"} in types
    assert {"column_name": "risk_quotient", "data_type": "DOUBLE"} in types


def test_an_empty_warehouse_gives_empty_marts(scene: Any) -> None:
    """Before the first load every mart exists, without rows, but for the one that says why."""
    built = {name: found.rows for name, found in scene.build().items()}
    assert built.pop("data_quality")
    assert built == {mart.name: 0 for mart in MARTS if mart.name != "data_quality"}


def test_keys_keep_the_type_of_the_source(scene: Any) -> None:
    """A catalogue with text keys gives marts with text keys."""
    scene.land_sample(NOON, "projects")
    scene.execute("ALTER TABLE core.projects ALTER project_id TYPE VARCHAR")
    scene.build()
    assert one(scene, "SELECT project_name FROM marts.project_status WHERE project_id = '10'")


def test_deleted_projects_and_tasks_do_not_count(scene: Any) -> None:
    """Rows that are gone from Exepron are in no mart."""
    scene.land_sample(NOON)
    scene.execute("UPDATE core.projects SET _deleted_at = _loaded_at WHERE project_id = 11")
    scene.execute("UPDATE core.tasks SET _deleted_at = _loaded_at WHERE task_id = 101")
    scene.build()
    row = one(scene, "SELECT * FROM marts.project_status")
    assert (row["project_id"], row["tasks_total"], row["remaining_days"]) == (10, 2, 2)


def test_accounts_do_not_mix(scene: Any) -> None:
    """Equal keys of two accounts are two projects, each with its own names."""
    scene.land_sample(NOON)
    scene.land(
        "projects",
        [{"project_id": 10, "project_name": "Other", "project_manager_id": 1}],
        NOON,
        account_id="8",
    )
    scene.build()
    row = one(scene, "SELECT * FROM marts.project_status WHERE _account_id = '8'")
    assert (row["project_name"], row["project_manager_name"], row["tasks_total"]) == ("Other", None, None)


@pytest.mark.parametrize("mart", MARTS, ids=lambda mart: mart.name)
def test_comments_describe_every_column(scene: Any, mart: Any) -> None:
    """The opening comment names the columns of the result in order; the table's own adds what it was built without."""
    built = scene.build()[mart.name]
    found = scene.rows(
        "SELECT column_name, comment FROM duckdb_columns() "
        f"WHERE schema_name = 'marts' AND table_name = '{mart.name}' ORDER BY column_index"
    )
    assert [(row["column_name"], row["comment"]) for row in found] == list(mart.columns.items())
    [comment] = one(scene, f"SELECT comment FROM duckdb_tables() WHERE table_name = '{mart.name}'").values()
    absent = (
        f" Built here without {', '.join(built.missing)}: what needs them is null." if built.missing else ""
    )
    assert comment == mart.description + absent


def test_building_twice_changes_nothing(scene: Any) -> None:
    """Building is idempotent, and leaves no view or variable behind."""
    scene.land_sample(NOON)
    first = scene.build(), everything(scene)
    assert (scene.build(), everything(scene)) == first
    with scene.warehouse.open("test") as con:
        from exepron_pipeline.marts import build

        build(con)
        assert con.sql("SELECT view_name FROM duckdb_views() WHERE NOT internal").fetchall() == []
        assert con.sql("SELECT getvariable('calendar_zone')").fetchall() == [(None,)]


def test_a_failing_mart_leaves_the_former_ones(scene: Any) -> None:
    """When one query fails, every mart stays as it was, and the error names the mart."""
    scene.land_sample(NOON)
    scene.build()
    before = scene.rows("FROM marts.project_day")
    scene.execute("ALTER TABLE core.projects ALTER project_id TYPE DATE USING DATE '2026-01-01'")
    with pytest.raises(WarehouseError, match=r"marts\.project_status"):
        scene.build()
    assert scene.rows("FROM marts.project_day") == before
    assert scene.rows("SELECT max(day) AS day FROM marts.project_day") == [{"day": date(2026, 3, 4)}]

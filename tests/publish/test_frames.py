import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest

import exepron_pipeline as ep
from exepron_pipeline.errors import ConfigurationError, WarehouseError

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def path(original: Any) -> Any:
    """The published sample, for reading."""
    return original.settings.snapshot_path


def test_frames_equal_the_tables(original: Any, path: Any) -> None:
    """Every value of every core table is the same in pandas as in the warehouse."""
    with ep.open(path) as tables:
        for name in tables.tables():
            if name.startswith("core."):
                frame = tables.pandas(name)
                rows = [
                    {key: None if value is pd.NA else value for key, value in row.items()}
                    for row in frame.to_dict("records")
                ]
                assert rows == original.rows(f"FROM {name}"), name


def test_frames_keep_arrows_types(path: Any) -> None:
    """Integers beside nulls stay integers, decimals stay exact, instants carry UTC."""
    with ep.open(path) as tables:
        projects, buffers = tables.pandas("core.projects"), tables.pandas("core.buffers")
    assert str(projects["status_code"].dtype) == "int64[pyarrow]"
    assert str(projects["last_modified_on"].dtype) == "timestamp[us, tz=UTC][pyarrow]"
    assert buffers["buffer_size"].iloc[0] == Decimal(10)


def test_relations_tables_and_queries(path: Any) -> None:
    """A table comes as a relation; a query as a frame or as Arrow."""
    with ep.open(str(path)) as tables:
        assert tables.table("core.tasks").filter("remaining_duration > 0").count("*").fetchall() == [(2,)]
        assert tables.arrow("SELECT max(task_id) AS m FROM core.tasks").to_pylist() == [{"m": 102}]
        assert tables.pandas("marts.project_status").shape[0] == 2


def test_a_newer_snapshot_is_noticed(sample: Any) -> None:
    """The next call reads the new file; a relation that was handed out keeps reading its own."""
    with ep.open(sample.settings.snapshot_path) as tables:
        before = tables.table("core.tasks")
        sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
        sample.publish()
        assert len(tables.pandas("core.tasks")) == 4
        assert before.count("*").fetchall() == [(3,)]


def test_as_of(sample: Any) -> None:
    """With as_of, core tables are those of that instant, by name and in queries."""
    sample.land("tasks", [{"task_id": 900}], NOON + timedelta(days=1))
    path = sample.publish().snapshot
    with ep.open(path, as_of=NOON) as then, ep.open(path) as now:
        assert len(then.pandas("core.tasks")) == 3
        assert then.arrow("SELECT count(*) AS n FROM core.tasks").to_pylist() == [{"n": 3}]
        assert len(now.pandas("core.tasks")) == 4


def test_a_wrong_name_lists_the_right_ones(path: Any) -> None:
    """A table that does not exist is named, and those that do."""
    with ep.open(path) as tables, pytest.raises(ConfigurationError, match=r"'core\.task'.*core\.tasks"):
        tables.table("core.task")


def test_the_default_path_is_that_of_the_settings(path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path the settings say where the snapshot is; without a snapshot the error says what to run."""
    monkeypatch.setenv("EXEPRON_DATA_DIR", str(path.parent))
    with ep.open() as tables:
        assert "core.tasks" in tables.tables()
    monkeypatch.setenv("EXEPRON_DATA_DIR", str(path.parent / "none"))
    with pytest.raises(WarehouseError, match="exepron publish"):
        ep.open()


def test_importing_is_light() -> None:
    """The package brings neither DuckDB nor pandas nor Dagster; sync stays a function beside its module."""
    code = (
        "import sys, types, exepron_pipeline as ep\n"
        "assert not {'duckdb', 'pandas', 'dagster', 'pyarrow', 'httpx'} & set(sys.modules)\n"
        "from exepron_pipeline.sync import run\n"
        "assert isinstance(ep.sync, types.FunctionType) and ep.sync is not run\n"
        "assert 'dagster' not in sys.modules\n"
        "assert ep.__all__ == sorted(ep.__all__) and all(hasattr(ep, name) for name in ep.__all__)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

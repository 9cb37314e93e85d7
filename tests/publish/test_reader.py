from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from exepron_pipeline.errors import ConfigurationError, WarehouseError
from exepron_pipeline.publish.reader import Reader, open_snapshot

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def reader(original: Any) -> Any:
    """The published sample, open."""
    with open_snapshot(original.settings.snapshot_path) as found:
        yield found


def test_a_query_gives_arrow(reader: Reader) -> None:
    """Rows come as an Arrow table with the types of the columns; values are bound."""
    found = reader.query("SELECT task_id, last_modified_on FROM core.tasks WHERE task_id = ?", [101])
    assert found.to_pylist() == [{"task_id": 101, "last_modified_on": datetime(2026, 3, 1, 8, tzinfo=UTC)}]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM core.tasks",
        "DESCRIBE core.tasks",
        "SHOW ALL TABLES",
        "SUMMARIZE core.tasks",
        "EXPLAIN SELECT 1",
        "VALUES (1)",
        "PIVOT core.tasks ON project_id USING count(*)",
    ],
)
def test_what_reads_is_allowed(reader: Reader, sql: str) -> None:
    """Every form of reading gives rows."""
    assert reader.query(sql).num_rows > 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM core.tasks",
        "CREATE TABLE core.mine (a INT)",
        "COPY core.tasks TO 'out.csv'",
        "ATTACH 'other.duckdb'",
        "DETACH exepron",
        "USE memory",
        "SET enable_external_access = true",
        "PRAGMA enable_profiling",
        "INSTALL httpfs",
        "EXPLAIN ANALYZE COPY core.tasks TO 'out.csv'",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT 1; SELECT 2",
        "",
        "SELEC 1",
        "SELECT nothing FROM core.tasks",
        "FROM core.nothing",
    ],
)
def test_what_writes_or_reaches_out_is_refused(reader: Reader, tmp_path: Path, sql: str) -> None:
    """Nothing but reading this file is possible; each refusal has a hint; no file appears."""
    with pytest.raises(ConfigurationError) as caught:
        reader.query(sql)
    assert caught.value.hint
    assert caught.value.exit_code == 2
    assert not (tmp_path / "out.csv").exists()
    assert reader.query("SELECT count(*) AS n FROM core.tasks").to_pylist() == [{"n": 3}]


def test_large_sorts_spill_outside_the_current_folder(reader: Reader, tmp_path: Path) -> None:
    """What does not fit into memory goes to the system's temporary folder, and is gone afterwards."""
    import tempfile

    [[spills]] = reader.connection.execute("SELECT current_setting('temp_directory')").fetchall()
    reader.connection.execute("SET memory_limit = '60MB'; SET threads = 1")
    sql = "SELECT count(*) AS n FROM (SELECT md5(i::VARCHAR) AS s FROM range(2000000) t(i) ORDER BY s LIMIT 1900000)"
    assert reader.query(sql).to_pylist() == [{"n": 1_900_000}]
    reader.close()
    assert not (tmp_path / ".tmp").exists()
    assert Path(spills).is_relative_to(tempfile.gettempdir())
    assert not Path(spills).is_relative_to(tmp_path)
    assert not Path(spills).exists()


def test_tables_are_listed(reader: Reader) -> None:
    """Tables of all four schemas are named, in order."""
    found = reader.tables()
    assert {"core.tasks", "history.tasks", "marts.project_status", "ops.loads"} <= set(found)
    assert list(found) == sorted(found)


def test_no_snapshot_yet(tmp_path: Path) -> None:
    """Before the first publishing the error says what to run."""
    with pytest.raises(WarehouseError, match=r"nothing was published yet\. Run `make run`"):
        open_snapshot(tmp_path / "exepron.duckdb")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    """A damaged file is named, with the cure."""
    path = tmp_path / "exepron.duckdb"
    path.write_bytes(b"x" * 10_000)
    with pytest.raises(WarehouseError, match="cannot be read") as caught:
        open_snapshot(path)
    assert "exepron publish" in caught.value.hint


def test_odd_paths_open(original: Any, tmp_path: Path) -> None:
    """Quotes and spaces in the path are no obstacle."""
    odd = original.copy(tmp_path / "it's a folder")
    with open_snapshot(odd.publish().snapshot) as found:
        assert found.query("FROM core.projects").num_rows == 2


def test_the_past_has_the_usual_names(sample: Any) -> None:
    """With as_of, core holds what was known then; marts cannot be asked, history and ops can."""
    sample.land("projects", [{"project_id": 12, "project_name": "Canal"}], NOON + timedelta(days=1))
    path = sample.publish().snapshot
    known = {}
    for days in (-1, 0, 1):
        with open_snapshot(path, as_of=NOON + timedelta(days=days)) as found:
            known[days] = found.query("SELECT count(*) AS n FROM core.projects").to_pylist()[0]["n"]
            assert found.query("FROM history.projects").num_rows == 3
            assert found.query("FROM ops.loads").num_rows == 7
            assert not [name for name in found.tables() if name.startswith("marts.")]
            with pytest.raises(ConfigurationError):
                found.query("FROM marts.project_status")
    assert known == {-1: 0, 0: 2, 1: 3}


def test_the_past_needs_a_zone(original: Any) -> None:
    """An instant without a zone is refused: whose noon would it be?"""
    with pytest.raises(ConfigurationError, match="no time zone"):
        open_snapshot(original.settings.snapshot_path, as_of=datetime(2026, 3, 4))  # noqa: DTZ001 # the rule under test


def test_a_kept_snapshot_is_opened_by_its_load(sample: Any) -> None:
    """As of a load that is kept there are its own tables, marts too; of the published load, the snapshot itself."""
    path, first = sample.settings.snapshot_path, sample.publish(keep=1).load_id
    sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
    sample.build()
    last = sample.publish().load_id
    for load, tasks in ((first, 3), (last, 4)):
        with open_snapshot(path, as_of=load) as found:
            assert found.query("SELECT count(*) AS n FROM core.tasks").to_pylist() == [{"n": tasks}]
            assert "marts.project_status" in found.tables()


def test_as_of_any_other_load(sample: Any) -> None:
    """As of a load that is not kept, core holds what was known when it had landed; an unknown one is told."""
    path, first = sample.settings.snapshot_path, sample.publish().load_id
    sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
    sample.publish()
    for as_of in (first, NOON.isoformat()):
        with open_snapshot(path, as_of=as_of) as found:
            assert found.query("SELECT count(*) AS n FROM core.tasks").to_pylist() == [{"n": 3}]
    with pytest.raises(
        ConfigurationError, match="'load-x' is no load of this warehouse and no instant"
    ) as told:
        open_snapshot(path, as_of="load-x")
    assert "ops.loads" in told.value.hint


def test_so_many_snapshots_are_kept(sample: Any) -> None:
    """The newest stay, as the readable files of their loads; publishing without keeping drops none of them."""
    for hour in range(3):
        sample.land("tasks", [{"task_id": 900 + hour}], NOON + timedelta(hours=hour + 1))
        sample.publish(keep=2)
    sample.publish()
    folder = sample.settings.data_dir / "snapshots"
    assert sorted(path.name for path in folder.iterdir()) == [
        f"load-{sample.loads - 1:03}.duckdb",
        f"load-{sample.loads:03}.duckdb",
    ]
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o644}

import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import hypothesis.strategies as st
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from hypothesis import given

from exepron_pipeline.publish.parquet import swap_in
from exepron_pipeline.publish.parts import describe_all, fingerprint
from exepron_pipeline.publish.reader import open_snapshot

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def part(sample: Any, table: str) -> Path:
    """The one file of a table."""
    path: Path = sample.settings.parquet_dir / table.replace(".", "/") / "part-0.parquet"
    return path


def versions(sample: Any) -> list[Path]:
    """The versions that are kept, the oldest first."""
    return sorted((sample.settings.parquet_dir / ".versions").iterdir())


def test_files_hold_the_tables(sample: Any) -> None:
    """Each table is one zstd file with the rows of the snapshot."""
    tables = sample.publish().tables
    with open_snapshot(sample.settings.snapshot_path) as reader:
        for table in tables:
            rows = duckdb.sql(f"FROM '{part(sample, table)}'").to_arrow_table().to_pylist()
            assert rows == reader.query(f"FROM {table}").to_pylist(), table
    assert pq.ParquetFile(part(sample, "core.tasks")).metadata.row_group(0).column(0).compression == "ZSTD"


def test_usual_tools_read_the_folder(sample: Any) -> None:
    """A table's folder is a dataset for Arrow, and globs work for DuckDB."""
    root = sample.settings.parquet_dir
    assert ds.dataset(root / "core" / "tasks").count_rows() == 3
    assert len(duckdb.sql(f"FROM '{root}/core/tasks/*.parquet'").fetchall()) == 3
    assert len(duckdb.sql(f"FROM glob('{root}/core/*/*.parquet')").fetchall()) == 6


def test_unchanged_tables_are_hard_links(sample: Any) -> None:
    """A table without a change shares its file with the version before; a changed one does not."""
    before = {name: part(sample, name).stat().st_ino for name in ("core.tasks", "core.projects")}
    sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
    sample.publish()
    assert part(sample, "core.projects").stat().st_ino == before["core.projects"]
    assert part(sample, "core.tasks").stat().st_ino != before["core.tasks"]


def test_two_old_versions_stay(sample: Any) -> None:
    """A reader that is half way through has time for two more publishings."""
    names = []
    for number in range(5):
        sample.land("tasks", [{"task_id": 900 + number}], NOON + timedelta(hours=number + 1))
        sample.publish()
        names.append(versions(sample)[-1].name)
    assert [path.name for path in versions(sample)] == names[2:]
    assert names[-1].endswith(f"_load-{sample.loads:03}")


def test_all_tables_change_at_once(sample: Any) -> None:
    """Every table is reached through one link, so that no reader joins tables of two versions."""
    root = sample.settings.parquet_dir
    folders = {(root / "core" / name).resolve().parents[1] for name in ("tasks", "projects", "users")}
    assert folders == {(root / ".current").resolve()}
    assert not Path((root / "core" / "tasks").readlink()).is_absolute()


def test_a_table_that_left_is_left_out(sample: Any) -> None:
    """A table that the snapshot no longer holds has no link any more."""
    sample.execute("DROP TABLE core.buffers")
    root = sample.publish().parquet
    assert not (root / "core" / "buffers").is_symlink()
    assert (root / "core" / "tasks").is_dir()


def test_a_damaged_file_is_written_anew(sample: Any) -> None:
    """Reuse looks at the file: one that cannot be read is not linked on."""
    path = part(sample, "core.tasks")
    path.chmod(stat.S_IRUSR | stat.S_IWUSR)
    path.write_bytes(b"no parquet")
    sample.publish()
    assert len(duckdb.sql(f"FROM '{part(sample, 'core.tasks')}'").fetchall()) == 3


ROW = st.tuples(st.none() | st.integers(-5, 5), st.none() | st.text("ab", max_size=3))


def marked(rows: list[tuple[int | None, str | None]]) -> str:
    """The fingerprint of a table with these rows."""
    with duckdb.connect() as con:
        con.execute("CREATE SCHEMA core; CREATE TABLE core.t (a BIGINT, b VARCHAR)")
        if rows:
            con.executemany("INSERT INTO core.t VALUES (?, ?)", rows)
        return fingerprint(con, "core", "t", describe_all(con)["core", "t"])


@given(st.lists(ROW, max_size=6), st.lists(ROW, max_size=6))
def test_fingerprints_tell_tables_apart(one: list[Any], other: list[Any]) -> None:
    """Two tables have one fingerprint exactly when they hold the same rows, in whatever order."""
    same = sorted(map(str, one)) == sorted(map(str, other))
    assert (marked(one) == marked(other)) is same
    assert marked(one) == marked(one[::-1])


def test_a_folder_that_was_copied_without_links_is_published_again(sample: Any, tmp_path: Path) -> None:
    """Where copying made folders of the links, publishing makes links again."""
    root = sample.settings.parquet_dir
    copied = shutil.copytree(root, tmp_path / "copied")
    shutil.rmtree(root)
    copied.rename(root)
    sample.land("tasks", [{"task_id": 900}], NOON + timedelta(hours=1))
    sample.publish()
    assert (root / ".current").is_symlink()
    assert (root / "core" / "tasks").is_symlink()
    assert ds.dataset(root / "core" / "tasks").count_rows() == 4


def test_the_current_version_is_never_dropped(sample: Any) -> None:
    """When the clock was put back, and the new version sorts before all others, it stays."""
    root = sample.settings.parquet_dir
    [first] = versions(sample)
    for name in ("2990", "2991", "2992", "1990"):
        shutil.copytree(first, first.with_name(name))
    swap_in(root, "1990")
    assert [path.name for path in versions(sample)] == ["1990", "2991", "2992"]
    assert ds.dataset(root / "core" / "tasks").count_rows() == 3


def test_history_has_a_file_for_each_month(sample: Any) -> None:
    """Of the history of months, a publishing writes the files in which a version began or ended, and links the others."""
    root = sample.settings.parquet_dir / "history" / "tasks"
    sample.execute(
        "INSERT INTO history.tasks SELECT * REPLACE (_known_from + INTERVAL 65 DAY AS _known_from, "
        "_known_from + INTERVAL 66 DAY AS _known_to) FROM history.tasks"
    )
    sample.publish()
    months = {path.name: path.stat().st_ino for path in root.iterdir()}
    assert months.keys() > {"part-0.parquet"}
    assert len(months) == 2
    sample.execute(
        "UPDATE history.tasks SET _known_to = _known_from + INTERVAL 9 DAY WHERE _known_to IS NOT NULL"
    )
    sample.publish()
    written = {path.name for path in root.iterdir() if path.stat().st_ino != months[path.name]}
    assert written == months.keys() - {"part-0.parquet"}
    with open_snapshot(sample.settings.snapshot_path) as reader:
        [whole] = reader.query("SELECT count(*) AS n FROM history.tasks").to_pylist()
    assert ds.dataset(root).count_rows() == whole["n"]


def test_a_row_without_hash_is_looked_at_whole(sample: Any) -> None:
    """Where a row carries a hash, that stands for its fields; where it has none, a field that changed is seen."""
    sample.execute("UPDATE core.tasks SET _row_hash = NULL")
    sample.publish()
    before = part(sample, "core.tasks").stat().st_ino
    sample.execute("UPDATE core.tasks SET task_name = 'erased'")
    sample.publish()
    assert part(sample, "core.tasks").stat().st_ino != before

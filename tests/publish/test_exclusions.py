from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exepron_pipeline.publish.reader import open_snapshot

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
NESTED = """
entity_sets:
  task_revenues:
    children:
      parts:
        description: "Who pays which part."
        columns:
          payer: {type: text, financial: true, description: "Who pays."}
"""
REVENUE = {"task_revenue_id": 1, "task_id": 100, "amount": 5, "description": "SECRETDEAL"}


def published(scenery: ModuleType, folder: Path, *kinds: str) -> Any:
    """A scene whose sample, and a revenue, are published without ``kinds``."""
    scene = scenery.Scene(folder, publish_exclude=kinds)
    scene.land_sample(NOON)
    scene.land("task_revenues", [REVENUE], NOON)
    scene.build()
    scene.publish()
    return scene


def columns(scene: Any, table: str) -> set[str]:
    """Columns of a published table."""
    with open_snapshot(scene.settings.snapshot_path) as reader:
        return set(reader.query(f"FROM {table} LIMIT 0").column_names)


def test_nothing_is_left_out_unasked(scenery: ModuleType, tmp_path: Path) -> None:
    """Without the setting every column is published."""
    scene = published(scenery, tmp_path)
    assert {"first_name", "_extra", "_row_hash"} <= columns(scene, "core.users")


def test_personal_columns_are_gone_everywhere(scenery: ModuleType, tmp_path: Path) -> None:
    """Names are in no table, no mart, no Parquet file, and no leftover byte of the published file."""
    scene = published(scenery, tmp_path, "personal")
    for table in ("core.users", "history.users"):
        assert not {"first_name", "last_name", "user_name", "email", "_extra", "_row_hash"} & columns(
            scene, table
        )
        assert {"user_id", "_account_id", "_load_id"} <= columns(scene, table)
    assert "project_manager_name" not in columns(scene, "marts.project_status")
    assert "project_name" in columns(scene, "marts.project_status")
    files = [scene.settings.snapshot_path, *scene.settings.parquet_dir.rglob("*.parquet")]
    assert len(files) > 10
    assert not [path for path in files if b"Byron" in path.read_bytes()]
    assert "amount" in columns(scene, "core.task_revenues")


def test_financial_columns_are_gone(scenery: ModuleType, tmp_path: Path) -> None:
    """Amounts are left out, and the hash from which they could be guessed; keys and names stay."""
    scene = published(scenery, tmp_path, "financial")
    assert not {"amount", "description", "_row_hash"} & columns(scene, "core.task_revenues")
    assert "first_name" in columns(scene, "core.users")
    assert b"SECRETDEAL" not in scene.settings.snapshot_path.read_bytes()


def test_the_rest_is_equal_and_described(scenery: ModuleType, tmp_path: Path) -> None:
    """What stays has the warehouse's rows and comments; the history macros still answer."""
    scene = published(scenery, tmp_path, "personal", "financial")
    kept = ", ".join(sorted(columns(scene, "core.projects")))
    with open_snapshot(scene.settings.snapshot_path) as reader:
        assert reader.query(f"SELECT {kept} FROM core.projects").to_pylist() == scene.rows(
            f"SELECT {kept} FROM core.projects"
        )
        past = reader.query("FROM history.users_as_of('2026-03-04 12:00', '2026-03-04 12:00')")
        assert past.num_rows == 1
        uncommented = (
            "SELECT * FROM duckdb_columns() WHERE schema_name IN ('core', 'marts') AND comment IS NULL"
        )
        assert reader.query(uncommented).num_rows == 0


def test_unknown_columns_and_tables_are_left_out(scenery: ModuleType, tmp_path: Path) -> None:
    """A column or table that the catalogue does not describe was judged by nobody, and is not published."""
    scene = scenery.Scene(tmp_path, publish_exclude=("personal",))
    scene.land_sample(NOON)
    scene.execute(
        "ALTER TABLE core.users ADD COLUMN nickname VARCHAR; CREATE TABLE core.former (name VARCHAR)"
    )
    scene.publish()
    assert "nickname" not in columns(scene, "core.users")
    with open_snapshot(scene.settings.snapshot_path) as reader:
        assert "core.former" not in reader.tables()


@pytest.mark.parametrize("kinds", [(), ("personal",)])
def test_the_writers_file_keeps_everything(
    scenery: ModuleType, tmp_path: Path, kinds: tuple[str, ...]
) -> None:
    """Leaving out concerns what is published only."""
    scene = published(scenery, tmp_path, *kinds)
    assert scene.rows("SELECT last_name FROM core.users") == [{"last_name": "Byron"}]


def test_no_byte_of_it_is_published(scenery: ModuleType, tmp_path: Path) -> None:
    """What is left out is in no former version, extra field, nested list, key, comment, mart or kept snapshot either."""
    own = tmp_path / "own.yaml"
    own.write_text(NESTED, encoding="utf-8")
    scene = scenery.Scene(tmp_path, catalogue=own, publish_exclude=("personal", "financial"))
    scene.land_sample(NOON)
    ada = {"user_id": 1, "last_name": "LOVELACE", "_extra": '{"nick": "ENCHANTRESS"}'}
    scene.land("users", [{**ada, "last_name": "KINGNOEL"}], NOON + HOUR)
    scene.land("users", [ada], NOON + 2 * HOUR)
    scene.land("task_revenues", [{**REVENUE, "description": "OLDDEALS"}], NOON)
    scene.land("task_revenues", [REVENUE], NOON + HOUR)
    items = [{"task_revenue_id": 1, "_position": 0, "payer": "HIDDENPAYER", "_account_id": "7"}]
    scene.land(
        "task_revenues",
        [{**REVENUE, "amount": 6}],
        NOON + 2 * HOUR,
        children={"parts": [pa.Table.from_pylist(items)]},
    )
    scene.build()
    scene.publish(keep=1)
    names = [b"LOVELACE", b"KINGNOEL", b"ENCHANTRESS", b"SECRETDEAL", b"OLDDEALS", b"HIDDENPAYER", b"Byron"]
    held = {name for name in names if name in scene.settings.warehouse_path.read_bytes()}
    assert held == set(names)
    published = [
        path for path in scene.settings.data_dir.rglob("*") if path.is_file() and "state" not in path.parts
    ]
    published.remove(scene.settings.warehouse_path)
    assert len(published) > 30
    assert [(path.name, name) for path in published for name in names if name in path.read_bytes()] == []
    unpacked = "".join(
        str(pq.read_table(path).to_pylist()) for path in published if path.suffix == ".parquet"
    )
    assert "Bridge" in unpacked
    assert [name for name in names if name.decode() in unpacked] == []

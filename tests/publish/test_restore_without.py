"""Restoring from what was published without personal columns."""

from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.publish.restore import restore

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
ADA = {"user_id": 1, "first_name": "Ada", "last_name": "Byron", "user_name": "ada", "last_modified_on": NOON}
BOB = {
    "user_id": 2,
    "first_name": "Bob",
    "last_name": "Moran",
    "_extra": '{"pet": "Rex"}',
    "last_modified_on": NOON,
}
HISTORY = "FROM history.users ORDER BY user_id, _known_from, _valid_from"


@pytest.fixture(params=["exepron.duckdb", "parquet"])
def bare(request: Any, scenery: ModuleType, tmp_path: Any) -> Any:
    """A warehouse that was restored from a copy without personal columns, and what its history was before."""
    scene = scenery.Scene(tmp_path, publish_exclude=("personal",))
    scene.land("users", [ADA, BOB], NOON)
    scene.land("roles", [{"role_id": 5, "role_name": "PM"}], NOON)
    scene.publish()
    before = scene.rows(HISTORY)
    scene.settings.warehouse_path.unlink()
    found = restore(scene.warehouse, scene.settings, scene.settings.data_dir / request.param)
    assert found.reread == ("roles", "users")
    return scene, before


def test_the_next_read_is_whole(bare: Any) -> None:
    """No watermark is left for sets of which columns are missing, so that they are read from the beginning."""
    scene, _ = bare
    assert scene.rows("FROM ops.watermarks") == []


def test_what_was_left_out_is_filled_in_without_a_false_change(bare: Any) -> None:
    """Records that come as they were count as unchanged; columns are back in core and in the open versions."""
    scene, before = bare
    done = scene.land("users", [ADA, BOB], NOON + timedelta(hours=1))
    assert (done.inserted, done.updated, done.unchanged) == (0, 0, 2)
    assert scene.rows(HISTORY) == before
    names = scene.rows("SELECT first_name, _extra FROM core.users ORDER BY user_id")
    assert names == [{"first_name": "Ada", "_extra": None}, {"first_name": "Bob", "_extra": '{"pet": "Rex"}'}]
    assert scene.land("users", [ADA, BOB], NOON + timedelta(hours=2)).unchanged == 2
    assert scene.land("roles", [{"role_id": 5, "role_name": "PM"}], NOON + timedelta(hours=2)).unchanged == 1


def test_a_real_change_is_one(bare: Any) -> None:
    """A record that differs in a column that was published is a new version; what is said of before is left as it was."""
    scene, _ = bare
    moved = {**ADA, "title_position": "Head", "last_modified_on": NOON + timedelta(minutes=30)}
    done = scene.land("users", [moved, BOB], NOON + timedelta(hours=1))
    assert (done.updated, done.unchanged) == (1, 1)
    versions = "SELECT title_position, first_name FROM history.users WHERE user_id = 1 AND _known_to IS NULL ORDER BY _valid_from"
    assert scene.rows(versions) == [
        {"title_position": None, "first_name": None},
        {"title_position": "Head", "first_name": "Ada"},
    ]

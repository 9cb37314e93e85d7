"""The doctor's rungs of this machine."""

from types import SimpleNamespace

import pytest

from exepron_pipeline.cli.ladder import place


@pytest.mark.parametrize(
    ("free", "written", "state", "code"),
    [
        (5 << 30, 0, "ok", 0),
        (500 << 20, 0, "note", 0),
        (500 << 20, 600 << 20, "bad", 5),
        (10 << 20, 0, "bad", 5),
    ],
)
def test_room_is_measured_by_what_is_written(tmp_path, monkeypatch, free, written, state, code):
    """Where the copy that is published would not fit, that is bad; where it would but little is left, a note."""
    file = tmp_path / "warehouse.duckdb"
    with file.open("wb") as opened:
        opened.truncate(written)
    monkeypatch.setattr(place.shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    settings = SimpleNamespace(data_dir=tmp_path / "not" / "yet", warehouse_path=file)
    rung = place.disk(SimpleNamespace(settings=settings))
    assert (rung.state, rung.exit_code) == (state, code)
    assert bool(rung.cure) == (state != "ok")

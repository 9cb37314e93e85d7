"""Many processes read what is published while loads run: no error, no wait, never half of a version."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
READ = """
import os, sys, time, duckdb
path, parquet, out, stop = sys.argv[1:]
PAIR = "SELECT (SELECT count(*) FROM core.tasks), (SELECT count(*) FROM core.milestones)"
THEN = "SELECT count(*) FROM history.tasks_as_of(now(), now())"
ASKED = (PAIR, "SELECT load_id FROM ops.snapshot", THEN)
with open(out, "a") as file:
    while not os.path.exists(stop):
        with duckdb.connect(path, read_only=True) as con:
            [pair], [(load,)], [(then,)] = (con.execute(each).fetchall() for each in ASKED)
            lake = con.execute(f"SELECT count(*) FROM '{parquet}/core/tasks/*.parquet'").fetchall()[0][0]
        assert pair[0] == pair[1] == then, pair
        assert lake > 0
        file.write(f"{load}\\n")
        file.flush()
        time.sleep(0.1)
"""


@pytest.fixture(scope="module")
def clients(helper: Any) -> ModuleType:
    """The module ``clients.py``."""
    return helper("publish", "clients")  # type: ignore[no-any-return]  # a module that was loaded by its path


def land(scene: Any, hour: int) -> None:
    """Land one more of each of two kinds, in two loads."""
    at = NOON + timedelta(hours=hour)
    scene.land("tasks", [{"task_id": hour}], at, mode="incremental")
    scene.land("milestones", [{"milestone_id": hour}], at, mode="incremental")


@contextmanager
def reading(scene: Any, pythons: list[Path], folder: Path) -> Iterator[list[Path]]:
    """Run a reader with each of these for the time of the block; give the files in which they count their rounds."""
    stop, outs = folder / "stop", [folder / f"{n}.txt" for n in range(len(pythons))]
    places = [str(scene.settings.snapshot_path), str(scene.settings.parquet_dir)]
    readers = [
        subprocess.Popen(
            [python, "-c", READ, *places, str(out), str(stop)], stderr=subprocess.PIPE, text=True
        )
        for python, out in zip(pythons, outs, strict=True)
    ]
    try:
        yield outs
    finally:
        stop.touch()
        errors = {reader.communicate(timeout=120)[1] for reader in readers}
        assert errors == {""}


def rounds(outs: list[Path]) -> list[int]:
    """How often each reader has read everything."""
    return [len(out.read_text().splitlines()) if out.exists() else 0 for out in outs]


def wait_for_a_round(outs: list[Path]) -> None:
    """Wait until each reader has begun and ended another round."""
    before, until = rounds(outs), time.monotonic() + 240
    while any(now < then + 2 for now, then in zip(rounds(outs), before, strict=True)):
        assert time.monotonic() < until, "a reader waits"
        time.sleep(0.05)


def check(scenery: ModuleType, folder: Path, pythons: list[Path], publishings: int) -> None:
    """Read with all of these while loads land and are published so often."""
    scene = scenery.Scene(folder)
    land(scene, 1)
    scene.publish()
    with reading(scene, pythons, folder) as outs:
        with scene.warehouse.open("a load"):
            wait_for_a_round(outs)  # nobody waits for the one who holds the warehouse
        for hour in range(2, publishings + 2):
            land(scene, hour)
            scene.publish()
        wait_for_a_round(outs)
    for out in outs:
        seen = out.read_text().splitlines()
        assert seen == sorted(seen)
        assert seen[-1] == f"load-{scene.loads:03}"


def test_processes_read_while_loads_run(scenery: ModuleType, tmp_path: Path) -> None:
    """Each reader goes on while a load holds the warehouse and while others replace the file under its feet."""
    check(scenery, tmp_path, [Path(sys.executable)] * 2, 2)


@pytest.mark.full
@pytest.mark.timeout(1200)  # twenty processes on a machine of two cores
def test_twenty_processes_of_three_versions(scenery: ModuleType, clients: ModuleType, tmp_path: Path) -> None:
    """Twenty at once, also with DuckDB 1.4 and 1.5, without one error or wait."""
    old = [clients.client("1.4")] * 6 + [clients.client("1.5")] * 6
    check(scenery, tmp_path, [*old, *[Path(sys.executable)] * 8], 6)

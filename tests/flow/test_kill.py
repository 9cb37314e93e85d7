"""Runs that are killed at points spread over all they do, or starved: the next one leaves what one clean run leaves."""

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.dataset as ds
import pytest

from exepron_pipeline.publish.reader import open_snapshot

ROOT = Path(__file__).parents[2]
NAMES = ["projects", "tasks"]
WAREHOUSE = 5
"""The exit code."""
PARTS = ["spool", "execute", "somewhere"]
"""What a sweep is to strike; somewhere is between these: in DuckDB, in decoding, in waiting."""


@pytest.fixture(scope="module")
def sweep_lab(lab_kit, sandbox, tmp_path_factory):
    """A lab with a folder that was filled before the sandbox moved on by a day."""
    lab = lab_kit.Lab(sandbox, tmp_path_factory.mktemp("base") / "data", {"EXEPRON_PAGE_SIZE": "130"})
    assert lab.sync(*NAMES).ok
    lab.publish()
    lab.advance(1)
    return lab


@pytest.fixture(scope="module")
def killer(helper, sweep_lab):
    """What runs and kills."""
    with helper("flow", "killer").killer_for(sweep_lab, NAMES) as killer:
        yield killer


@pytest.fixture(scope="module")
def few_sets(sweep_lab, tmp_path_factory):
    """A catalogue with these sets alone."""
    others = {name: {"enabled": False} for name in sweep_lab.entity_sets if name not in NAMES}
    path = tmp_path_factory.mktemp("catalogue") / "few.yaml"
    path.write_text(json.dumps({"entity_sets": others}))
    return str(path)


def fresh(base: Path, folder: Path, action: str) -> Path:
    """The folder that an action begins with: empty for a full read, else filled the day before."""
    shutil.rmtree(folder, ignore_errors=True)
    if action == "full":
        (folder / "state").mkdir(parents=True, mode=0o700)
        for name in ("profile", "tokens"):  # what is known of the service: each run would find it out anew
            if (base / "state" / name).exists():
                shutil.copytree(base / "state" / name, folder / "state" / name)
    else:
        shutil.copytree(base, folder, symlinks=True)
    return folder


def spread(clean: dict[str, Any], folder: Path, number: int) -> list[dict[str, float]]:
    """Points spread over a run: half of them by what it does, the others by its time and by the length of files."""
    longest = max(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    kinds = {"point": clean["points"], "seconds": clean["seconds"], "bytes": longest}
    order = ["point", "seconds", "point", "bytes"]
    share = [(place + 0.5) / number for place in range(number)]
    points = [(order[place % 4], part) for place, part in enumerate(share)]
    return [
        {kind: kinds[kind] * part if kind == "seconds" else 1 + int(kinds[kind] * part)}
        for kind, part in points
    ]


@pytest.mark.timeout(3000)  # the full form on a busy machine
@pytest.mark.parametrize(
    ("action", "kills", "in_a_row"),
    [
        ("full", 8, 8),
        ("incremental", 8, 8),
        ("reconcile", 8, 8),
        *(
            pytest.param(action, 100, 1, marks=pytest.mark.full)
            for action in ("full", "incremental", "reconcile")
        ),
    ],
)
def test_a_run_killed_anywhere_loses_and_doubles_nothing(
    sweep_lab, killer, tmp_path, action, kills, in_a_row, record_property
):
    """Core, history and watermarks after a kill and another run are those of one clean run; nothing is left over."""
    clean_folder = fresh(sweep_lab.data_dir, tmp_path / "clean", action)
    clean = killer.run(clean_folder, action)
    assert clean["code"] == 0, clean
    wanted, files = killer.content(clean_folder), killer.files(clean_folder)
    killed: list[str | None] = []
    resumed = 0
    points = spread(clean, clean_folder, kills)
    for row in (points[first :: kills // in_a_row] for first in range(kills // in_a_row)):
        folder = fresh(sweep_lab.data_dir, tmp_path / "killed", action)
        killed += [killer.run(folder, action, **point).get("killed") for point in row]
        for half_written in (folder / "state").rglob(".*-*"):  # they go when they are an hour old
            os.utime(half_written, (0, 0))
        again = killer.run(folder, action)
        assert again["code"] == 0, (row, again)
        assert killer.content(folder) == wanted, row
        assert killer.files(folder) == files, row
        resumed += any("interrupted" in text for text in again["told"])
    where = [each for each in killed if each]
    record_property("killed", where)
    # a time or a length may be beyond the run's, and the second run is shorter than the first
    assert len(where) >= kills * 0.4
    if kills > 20:
        assert resumed > 0 or action == "incremental"
        assert [part for part in PARTS if not any(part in each for each in where)] == []


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("kills", [6, pytest.param(100, marks=pytest.mark.full)])
def test_a_publishing_killed_anywhere_leaves_what_was_or_what_is(sweep_lab, killer, tmp_path, kills):
    """Snapshot and Parquet are those of before or of after, whole; the next publishing goes through and cleans up."""
    base = shutil.copytree(sweep_lab.data_dir, tmp_path / "base", symlinks=True)
    assert killer.run(base, "incremental")["code"] == 0
    before = _published(base)
    clean_folder = shutil.copytree(base, tmp_path / "clean", symlinks=True)
    clean = killer.run(clean_folder, "publish")
    assert clean["code"] == 0, clean
    after, seen = _published(clean_folder), set()
    assert after != before
    for point in spread(clean, clean_folder, kills):
        shutil.rmtree(tmp_path / "killed", ignore_errors=True)
        folder = shutil.copytree(base, tmp_path / "killed", symlinks=True)
        killer.run(folder, "publish", **point)
        snapshot, parquet = _published(folder)
        assert snapshot in (before[0], after[0]), point
        assert parquet in (before[1], after[1]), point
        seen |= {snapshot == before[0]}
        assert killer.run(folder, "publish")["code"] == 0, point
        assert _published(folder) == after
        assert killer.files(folder) == killer.files(clean_folder), point
    assert True in seen


@pytest.mark.timeout(3000)
@pytest.mark.parametrize("kills", [1, pytest.param(30, marks=pytest.mark.full)])
def test_a_run_of_dagster_killed_anywhere_is_none_for_long(sweep_lab, killer, few_sets, tmp_path, kills):
    """The next `make run` lands and publishes what one clean run does, and Dagster shows the killed one as failed."""
    more = {"home": str(home_of(tmp_path / "clean")), "catalogue": few_sets}
    clean_folder = fresh(sweep_lab.data_dir, tmp_path / "clean" / "data", "incremental")
    clean = killer.run(
        clean_folder, "dagster" if kills > 1 else "incremental", **more
    )  # the latter is cheaper
    assert clean["code"] == 0, clean
    wanted = killer.content(clean_folder)
    for point in spread(clean, clean_folder, kills):
        home = home_of(tmp_path / "killed")
        more["home"], folder = (
            str(home),
            fresh(sweep_lab.data_dir, tmp_path / "killed" / "data", "incremental"),
        )
        killed = "killed" in killer.run(folder, "dagster", **more, **point)
        again = killer.run(folder, "dagster", **more)
        assert again["code"] == 0, (point, again)
        assert killer.content(folder) == wanted, point
        assert hashes(folder / "parquet") == hashes(clean_folder / "parquet") or kills == 1, point
        assert statuses(home) - {"SUCCESS", "FAILURE"} == set(), point
        assert killed or "seconds" in point


def home_of(folder: Path) -> Path:
    """A `DAGSTER_HOME` in which nothing has run."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "home").mkdir(parents=True)
    shutil.copy(ROOT / "dagster_home" / "dagster.yaml", folder / "home")
    return folder / "home"


def statuses(home: Path) -> set[str]:
    """Of all runs that Dagster knows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DAGSTER_HOME", str(home))
        instance = dg.DagsterInstance.get()
    with instance:
        return {run.status.value for run in instance.get_runs()}


def _published(folder: Path) -> tuple[Any, Any]:
    """Loads and tasks as the snapshot and the Parquet files have them."""
    with open_snapshot(folder / "exepron.duckdb") as reader:
        snapshot = tuple(
            reader.query(
                "SELECT (SELECT count(*) FROM ops.loads), (SELECT sum(hash(t)::HUGEINT)::VARCHAR FROM core.tasks t)"
            )
            .to_pylist()[0]
            .values()
        )
    loads = ds.dataset(folder / "parquet" / "ops" / "loads", format="parquet").to_table()
    return snapshot, (loads.num_rows, hashes(folder / "parquet"))


def hashes(parquet: Path) -> list[str]:
    """Of the tasks there."""
    tasks = ds.dataset(parquet / "core" / "tasks", format="parquet").to_table()
    return sorted(tasks["_row_hash"].to_pylist())


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """Where a file system of our own is put."""
    return tmp_path_factory.mktemp("disk")


@pytest.fixture(scope="module")
def confined(helper, sweep_lab, disk):
    """What runs the engine, in a mount namespace of its own."""
    own = ["unshare", "--mount"]
    tried = subprocess.run(
        [*own, "mount", "-t", "tmpfs", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if tried.returncode:
        pytest.skip(f"no file system may be mounted here: {tried.stderr.decode()}")
    with helper("flow", "killer").killer_for(sweep_lab, NAMES, before=own) as killer:
        yield killer


@pytest.fixture
def filled(sweep_lab, disk, confined):
    """The folder of the day before on a file system of its own, of 100 MB."""
    confined.shell(f"mount -t tmpfs -o size=100m tmpfs {disk} && cp -a {sweep_lab.data_dir} {disk}/data")
    yield disk / "data"
    confined.shell(f"umount {disk}")


@pytest.fixture(scope="module")
def wanted(sweep_lab, confined, tmp_path_factory):
    """What one clean run leaves."""
    folder = shutil.copytree(sweep_lab.data_dir, tmp_path_factory.mktemp("clean") / "data", symlinks=True)
    assert confined.run(folder, "reconcile")["code"] == 0
    return confined.content(folder)


def snapshot_of(confined, filled, tmp_path):
    """The bytes of the snapshot on the disk."""
    confined.shell(f"cp {filled}/exepron.duckdb {tmp_path}")
    return (tmp_path / "exepron.duckdb").read_bytes()


def copied(confined, filled, tmp_path):
    """What the warehouse on the disk holds."""
    confined.shell(f"rm -f {tmp_path}/warehouse.duckdb* && cp {filled}/warehouse.duckdb* {tmp_path}")
    return confined.content(tmp_path)


@pytest.mark.parametrize(
    "left", [200, *(pytest.param(kilobytes, marks=pytest.mark.full) for kilobytes in (16, 400, 600, 1000))]
)
def test_a_full_disk_is_told(confined, disk, filled, wanted, tmp_path, left):
    """With few kilobytes what has no room neither lands nor is published, and it is said; the next run is good."""
    before, published = copied(confined, filled, tmp_path), snapshot_of(confined, filled, tmp_path)
    confined.shell(
        f"head -c $(($(df --output=avail -B1 {disk} | tail -1) - {left} * 1024)) /dev/zero > {disk}/filler"
    )
    full = confined.run(filled, "reconcile")
    assert full["code"] in (1, WAREHOUSE), full
    assert any("free" in text.lower() for text in full["told"]), full
    unpublished = confined.run(filled, "publish")
    assert (unpublished["code"], "free" in str(unpublished).lower()) == (WAREHOUSE, True), unpublished
    assert snapshot_of(confined, filled, tmp_path) == published
    confined.shell(f"rm {disk}/filler")
    assert copied(confined, filled, tmp_path)["core.tasks"] == before["core.tasks"]
    assert confined.run(filled, "reconcile")["code"] == 0
    assert copied(confined, filled, tmp_path) == wanted
    assert confined.run(filled, "publish")["code"] == 0
    assert snapshot_of(confined, filled, tmp_path) != published


def test_a_read_only_disk_is_told(confined, disk, filled, wanted, tmp_path):
    """Nothing lands, and the exit code is that of the warehouse; once it can be written the next run is good."""
    before = copied(confined, filled, tmp_path)
    confined.shell(f"mount -o remount,ro {disk}")
    told = confined.run(filled, "reconcile")
    assert (told["code"], "cannot be" in str(told)) == (WAREHOUSE, True), told
    unpublished = confined.run(filled, "publish")
    assert (unpublished["code"], "ead-only" in str(unpublished)) == (WAREHOUSE, True), unpublished
    confined.shell(f"mount -o remount,rw {disk}")
    assert copied(confined, filled, tmp_path) == before
    assert confined.run(filled, "reconcile")["code"] == 0
    assert copied(confined, filled, tmp_path) == wanted


def test_too_little_memory_is_told(confined, filled, wanted, tmp_path):
    """Nothing lands, and the exit code is that of the warehouse; with enough the next run is good."""
    before = copied(confined, filled, tmp_path)
    told = confined.run(filled, "reconcile", memory="1MB")
    assert told["code"] == WAREHOUSE, told
    assert any("memory" in text for text in told["told"]), told
    assert copied(confined, filled, tmp_path) == before
    assert confined.run(filled, "reconcile")["code"] == 0
    assert copied(confined, filled, tmp_path) == wanted

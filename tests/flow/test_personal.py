"""A policy for personal data that changes: what landed under the former one is brought under it, down to the bytes."""

import hashlib
import hmac

import pytest
import yaml

from exepron_pipeline.engine import open_engine
from exepron_pipeline.erasure import apply_policy
from exepron_pipeline.extract.spool import open_page
from exepron_pipeline.publish.reader import open_snapshot
from exepron_pipeline.sync import sync_all

NAME = "O'Hara"
VERSIONS = "SELECT count(*) AS n FROM history.orders"


@pytest.fixture
def lab(lab_kit, other_kit, tmp_path, monkeypatch):
    """The other service, whose orders name a person; its first run was with everything kept, and published."""
    entries = yaml.safe_load(other_kit.CATALOGUE)
    entries["entity_sets"]["orders"]["columns"]["customer"]["personal"] = "name"
    (tmp_path / "catalogue.yaml").write_text(yaml.safe_dump(entries))
    with other_kit.other_service() as service:
        given = service.environment(str(tmp_path / "data"), str(tmp_path / "catalogue.yaml"))
        for name, value in (given | {"EXEPRON_RATE": "0", "EXEPRON_PERSONAL": "keep"}).items():
            monkeypatch.setenv(name, value)
        lab = lab_kit.Lab(None, tmp_path / "data")
        lab.service = service
        published()
        yield lab


def published():
    """Sync, build and publish, as a scheduled run does."""
    with open_engine() as engine:
        report = sync_all(engine)
        assert report.ok
        engine.build_marts()
        engine.publish()
    return report.entity_sets["orders"]


def files_with(lab, text):
    """Files of the data folder that hold a text: in their bytes, in raw pages as they are unpacked, in Parquet as read."""
    found = {
        path for path in lab.data_dir.rglob("*") if path.is_file() and text.encode() in path.read_bytes()
    }
    spool = lab.data_dir / "state" / "spool"
    for path in spool.rglob("*.json.zst"):
        if text.encode() in open_page(lab.data_dir / "state", str(path.relative_to(spool))):
            found.add(path)
    return found


def test_what_is_dropped_later_is_nowhere(lab, monkeypatch):
    """Columns go from core and history; the file, raw pages, snapshots and Parquet hold no byte of it; no version is added."""
    assert {path.name for path in files_with(lab, NAME)} >= {"warehouse.duckdb", "exepron.duckdb"}
    versions = lab.query(VERSIONS)
    monkeypatch.setenv("EXEPRON_PERSONAL", "drop")
    with open_engine() as engine:
        assert sync_all(engine, mode="full").entity_sets["orders"].updated == 0
    assert files_with(lab, NAME) == set()
    assert lab.query(VERSIONS) == versions
    with open_snapshot(lab.data_dir / "exepron.duckdb") as reader:
        assert "customer" not in reader.query("FROM core.orders").column_names
        assert "customer" not in reader.query("FROM history.orders").column_names
    assert not [
        path for path in (lab.data_dir / "parquet" / ".versions").iterdir() if "customer" in str(path)
    ]
    assert len(list((lab.data_dir / "parquet" / ".versions").iterdir())) == 1


def test_what_is_hashed_later_joins_with_what_comes(lab, monkeypatch):
    """Old values get the keyed hash that new ones have, in all versions; a record that is the same stays as it is."""
    versions = lab.query(VERSIONS)
    monkeypatch.setenv("EXEPRON_PERSONAL", "hash")
    assert published().updated == 0
    assert files_with(lab, NAME) == set()
    key = bytes.fromhex((lab.data_dir / "state" / "personal.key").read_text().strip())
    wanted = [
        hmac.new(key, record["Customer"]["Name"].encode(), hashlib.sha256).hexdigest()
        for record in lab.service.sets["/odata/Orders"]
    ]
    for schema in ("core", "history"):
        found = lab.query(f"SELECT customer FROM {schema}.orders ORDER BY order_id")
        assert [row["customer"] for row in found] == wanted
    with open_engine() as engine:
        assert sync_all(engine, mode="full").entity_sets["orders"].unchanged == 37
    assert lab.query(VERSIONS) == versions

    monkeypatch.setenv("EXEPRON_PERSONAL", "keep")
    done = published()
    assert (done.mode, done.updated) == ("full", 37)
    [row] = lab.query("SELECT customer FROM core.orders ORDER BY order_id LIMIT 1")
    assert row["customer"] == lab.service.sets["/odata/Orders"][0]["Customer"]["Name"]


@pytest.mark.parametrize("step", ["build_marts", "write_anew", "drop_former"])
def test_a_run_killed_while_bytes_are_left_is_finished_by_the_next(lab, monkeypatch, step):
    """The tables are under the new policy already, and yet the next run sees to the bytes, once."""

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setenv("EXEPRON_PERSONAL", "drop")
    with monkeypatch.context() as patch:
        where = "engine.Engine.build_marts" if step == "build_marts" else f"erasure.{step}"
        patch.setattr(f"exepron_pipeline.{where}", killed)
        with pytest.raises(KeyboardInterrupt), open_engine() as engine:
            sync_all(engine)
    assert files_with(lab, NAME) or step == "drop_former"
    published()
    assert files_with(lab, NAME) == set()
    told = []
    with open_engine() as engine:
        engine.listen = told.append
        apply_policy(engine)
    assert told == []

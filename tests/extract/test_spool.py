import os
import time
from pathlib import Path

import pytest

from exepron_pipeline.errors import WarehouseError
from exepron_pipeline.extract.spool import Spool, drop_old, open_page


def test_pages_come_back_as_they_were(tmp_path: Path) -> None:
    """A kept page is found by its reference, byte for byte; only the owner may read it."""
    spool = Spool(tmp_path, "load", "tasks", "5")
    bodies = [b"[]", os.urandom(5_000), "Ölkühler".encode()]
    references = [spool.keep(body) for body in bodies]
    assert references[0] == "load/tasks/5/00001.json.lz4"
    assert [open_page(tmp_path, reference) for reference in references] == bodies
    assert (tmp_path / "spool" / references[0]).stat().st_mode & 0o777 == 0o600
    assert spool.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("account", ["../../evil", "..", "/etc", "a/b"])
def test_no_name_leads_out_of_the_spool(tmp_path: Path, account: str) -> None:
    """Whatever an account is called, its pages stay below the spool."""
    spool = Spool(tmp_path, "load", "tasks", account)
    spool.keep(b"[]")
    assert spool.folder.resolve().parent == tmp_path / "spool" / "load" / "tasks"


def test_old_loads_are_dropped(tmp_path: Path) -> None:
    """Loads older than the days named go, others stay; without a spool nothing happens."""
    assert drop_old(tmp_path, 7) == 0
    for load in ("old", "new"):
        Spool(tmp_path, load, "tasks", "5").keep(b"[]")
    long_ago = time.time() - 8 * 86_400
    os.utime(tmp_path / "spool" / "old", (long_ago, long_ago))
    assert drop_old(tmp_path, 7) == 1
    assert [folder.name for folder in (tmp_path / "spool").iterdir()] == ["new"]


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    """When a page cannot be written, the error names the file and the cure."""
    (tmp_path / "spool").write_text("")
    with pytest.raises(WarehouseError, match="free space"):
        Spool(tmp_path, "load", "tasks", "5").keep(b"[]")

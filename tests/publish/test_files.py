import errno
import os
from pathlib import Path

import pytest

from exepron_pipeline.publish.files import copy_file, put_link

BODY = os.urandom(3_000_000)


def test_a_copy_is_equal(tmp_path: Path) -> None:
    """All bytes arrive."""
    (tmp_path / "a").write_bytes(BODY)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == BODY


def test_a_copy_without_help_of_the_kernel_is_equal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel gives up half way, the copy starts again in user space."""
    (tmp_path / "a").write_bytes(BODY)

    def give_up(source: int, target: int, count: int) -> int:
        os.write(target, os.read(source, 1000))
        raise OSError(errno.EOPNOTSUPP, "not here")

    monkeypatch.setattr(os, "copy_file_range", give_up)
    copy_file(tmp_path / "a", tmp_path / "b")
    assert (tmp_path / "b").read_bytes() == BODY


def test_a_link_changes_in_one_step(tmp_path: Path) -> None:
    """A link is replaced, also when a killed process left its draft behind."""
    link = tmp_path / "link"
    put_link(link, Path("one"))
    (tmp_path / "link.new").symlink_to("left behind")
    put_link(link, Path("two"))
    assert link.readlink() == Path("two")
    assert [path.name for path in tmp_path.iterdir()] == ["link"]

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from exepron_pipeline.errors import AuditError, NetworkError, WarehouseError
from exepron_pipeline.extract.kept import Kept, Refused
from exepron_pipeline.extract.spool import WORTH, Spool, drop_old, open_page
from exepron_pipeline.odata.page import Envelope
from exepron_pipeline.odata.spans import Span

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Page:
    """A decoded page of one record."""

    number: int
    children: dict[str, Any] = field(default_factory=dict)
    rows: int = 1
    keys_ascending: bool = True
    envelope: Envelope = field(default_factory=lambda: Envelope(300))
    rejects: tuple[Refused, ...] = (Refused("7", "odd", 0),)
    unknown: dict[str, str] = field(default_factory=dict)
    hides: bool = False

    @property
    def first_key(self) -> tuple[int]:
        """The key of its record."""
        return (self.number,)

    last_key = first_key

    @property
    def table(self) -> pa.Table:
        """Its record."""
        return pa.table({"task_id": [self.number]})


def spool_of(tmp_path: Path, load_id: str, **more: Any) -> Spool:
    """A spool of the tasks of account 5."""
    return Spool(tmp_path, load_id, "tasks", "5", **{"scope": "s", "patience": HOUR, **more})


def fill(spool: Spool, pages: int = WORTH) -> list[Kept]:
    """Keep some pages by key."""
    return [
        spool.keep(Page(n, {"codes": pa.table({"code": ["x"]})}), b"[]", Span((n - 1,) if n else None, (n,)))
        for n in range(pages)
    ]


def interrupt(tmp_path: Path, pages: int = WORTH, load_id: str = "old") -> list[Kept]:
    """A read that lost its network after some pages."""
    spool = spool_of(tmp_path, load_id)
    with suppress(NetworkError), spool.held():
        spool.begin("question", NOW)
        kept = fill(spool, pages)
        raise NetworkError("cut")
    return kept


def test_pages_come_back_as_they_were(tmp_path: Path) -> None:
    """A kept page is found by its reference, byte for byte; only the owner may read it."""
    spool = Spool(tmp_path, "load", "tasks", "5")
    bodies = [b"[]", os.urandom(5_000), "Ölkühler".encode()]
    references = [str(spool.keep(Page(1), body).reference) for body in bodies]
    assert references[0] == "load/tasks/5/00001.json.zst"
    assert [open_page(tmp_path, reference) for reference in references] == bodies
    for path in (tmp_path / "spool").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600)


def test_records_know_where_they_came_from(tmp_path: Path) -> None:
    """A kept table holds its page's number, and row numbers that grow from page to page."""
    spool = Spool(tmp_path, "load", "tasks", "5")
    tables = [spool.table(spool.keep(Page(number)).number) for number in (10, 5)]
    assert [table["task_id"].to_pylist() for table in tables] == [[10], [5]]
    assert [table["_page"].to_pylist() for table in tables] == [[1], [2]]
    assert tables[0]["_arrived"][0].as_py() < tables[1]["_arrived"][0].as_py()


@pytest.mark.parametrize("account", ["../../evil", "..", "/etc", "a/b"])
def test_no_name_leads_out_of_the_spool(tmp_path: Path, account: str) -> None:
    """Whatever an account is called, its pages stay below the spool."""
    spool = Spool(tmp_path, "load", "tasks", account)
    kept = spool.keep(Page(1), b"[]")
    assert spool.folder.resolve().parent == tmp_path / "spool" / "load" / "tasks"
    assert (
        spool.file(kept.number).resolve().parents[1]
        == tmp_path / "spool" / "unlanded" / "tasks" / spool.folder.name
    )


def test_what_is_landed_leaves_only_raw_pages(tmp_path: Path) -> None:
    """After a good end there is nothing to go on with, whatever was left by earlier reads; raw pages stay."""
    interrupt(tmp_path)
    spool = spool_of(tmp_path, "new")
    with spool.held():
        spool.begin("another", NOW)
        fill(spool, 1)
    assert [path.name for path in (tmp_path / "spool").rglob("*.zst")].count("00001.json.zst") == 2
    assert list((tmp_path / "spool" / "unlanded" / "tasks" / "5").iterdir()) == []


def test_an_interrupted_read_is_gone_on_with(tmp_path: Path) -> None:
    """The same question under the same scope gets all pages, as they were, and since when they are; numbers go on."""
    before = interrupt(tmp_path)
    spool = spool_of(tmp_path, "new")
    with spool.held():
        noted = spool.begin("question", NOW + HOUR)
        assert (noted.pages, noted.since) == (before, NOW)
        assert spool.table(before[3].number)["task_id"].to_pylist() == [3]
        assert spool.keep(Page(99)).number == WORTH + 1


@pytest.mark.parametrize(
    ("question", "after", "more"),
    [
        ("other", HOUR, {}),
        ("question", HOUR, {"scope": "another"}),
        ("question", HOUR + timedelta(seconds=1), {}),
        ("question", -HOUR, {}),
        ("", HOUR, {}),
    ],
)
def test_another_read_begins_anew(
    tmp_path: Path, question: str, after: timedelta, more: dict[str, Any]
) -> None:
    """Another question or scope, too much time in between, or a clock that was put back: nothing is taken over."""
    interrupt(tmp_path)
    spool = spool_of(tmp_path, "new", **more)
    assert spool.begin(question, NOW + after).pages == []


@pytest.mark.parametrize("damage", ["page", "list", "gone", "notes", "short"])
def test_what_a_power_cut_tore_is_read_again(tmp_path: Path, damage: str) -> None:
    """A page that has not its check sum, notes that cannot be read, or too few pages: nothing is taken over."""
    interrupt(tmp_path, WORTH - (damage == "short"))
    [folder] = (tmp_path / "spool" / "unlanded" / "tasks" / "5").iterdir()
    torn = {"page": "00003.arrow", "list": "00003.codes.arrow", "gone": "00004.arrow", "notes": "notes.jsonl"}
    if damage == "gone":
        (folder / torn[damage]).unlink()
    elif damage in torn:
        (folder / torn[damage]).write_bytes(b"\0" * 10 + b"\n")
    assert spool_of(tmp_path, "new").begin("question", NOW).pages == []


def test_a_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    """The page of the last line, of which only a part was written, is read again; those before it are not."""
    interrupt(tmp_path, WORTH + 1)
    [notes] = (tmp_path / "spool" / "unlanded").rglob("notes.jsonl")
    notes.write_bytes(notes.read_bytes()[:-5])
    assert len(spool_of(tmp_path, "new").begin("question", NOW).pages) == WORTH


def test_what_a_kill_left_at_the_edges_goes(tmp_path: Path) -> None:
    """A folder that had no notes yet, or no more, is deleted with the next read that lands."""
    (tmp_path / "spool" / "unlanded" / "tasks" / "5" / "old").mkdir(parents=True)
    spool = spool_of(tmp_path, "new")
    with spool.held():
        spool.begin("question", NOW)
    assert list((tmp_path / "spool" / "unlanded" / "tasks" / "5").iterdir()) == []


def test_a_read_that_goes_on_is_left_alone(tmp_path: Path) -> None:
    """What another process is reading right now is neither taken over nor deleted."""
    going_on = spool_of(tmp_path, "old")
    with going_on.held():
        going_on.begin("question", NOW)
        kept = fill(going_on)
        other = spool_of(tmp_path, "new")
        with other.held():
            assert other.begin("question", NOW).pages == []
        assert going_on.table(kept[0].number).num_rows == 1


def test_two_questions_are_not_gone_on_with(tmp_path: Path) -> None:
    """A read that had to ask in two ways is begun anew."""
    spool = spool_of(tmp_path, "old")
    with suppress(NetworkError), spool.held():
        spool.begin("question", NOW)
        fill(spool)
        spool.begin("question in other words", NOW)
        raise NetworkError("cut")
    assert spool_of(tmp_path, "new").begin("question", NOW).pages == []


def test_what_failed_for_good_is_not_kept(tmp_path: Path) -> None:
    """Pages that an audit refused are read anew."""
    spool = spool_of(tmp_path, "old")
    with suppress(AuditError), spool.held():
        spool.begin("question", NOW)
        fill(spool)
        raise AuditError("too many are gone")
    assert list((tmp_path / "spool").rglob("*.arrow")) == []


def test_old_loads_are_dropped(tmp_path: Path) -> None:
    """Loads older than the days named go, and reads that nobody went on with; others stay."""
    assert drop_old(tmp_path, 7) == 0
    interrupt(tmp_path)
    spool_of(tmp_path, "new").keep(Page(1), b"[]")
    long_ago = time.time() - 8 * 86_400
    for folder in ("old", "unlanded/tasks/5/old"):
        os.utime(tmp_path / "spool" / folder, (long_ago, long_ago))
    assert drop_old(tmp_path) == 1
    assert {folder.name for folder in (tmp_path / "spool").iterdir()} == {"new", "unlanded"}
    assert [folder.name for folder in (tmp_path / "spool" / "unlanded" / "tasks" / "5").iterdir()] == ["new"]


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    """When a page cannot be written, the error names the file and the cure."""
    (tmp_path / "spool").write_text("")
    for act in (lambda spool: spool.keep(Page(1), b"[]"), lambda spool: spool.begin("question", NOW)):
        with pytest.raises(WarehouseError, match="cannot be written") as told:
            act(Spool(tmp_path, "load", "tasks", "5"))
        assert "free space" in told.value.hint

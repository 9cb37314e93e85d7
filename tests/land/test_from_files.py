"""Loads whose pages are files of the spool: they land as tables in memory do, and are streamed."""

import pytest

from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.land import slices
from exepron_pipeline.land.load import arrow_files


class Page:
    """A page as the spool takes it."""

    rows, first_key, last_key, keys_ascending, envelope, rejects, unknown = 1, None, None, True, None, (), {}

    def __init__(self, table, items):
        """Records, and the items of their lists."""
        self.table, self.children = table, {"codes": items}


@pytest.fixture
def spooled(tmp_path, monkeypatch):
    """Puts the pages of a load into files."""

    def put(load):
        from exepron_pipeline.odata.page import Envelope

        monkeypatch.setattr(Page, "envelope", Envelope())
        spool = Spool(tmp_path, load.load_id, "tasks", "17")
        kept = [
            spool.keep(Page(*page), b"[]") for page in zip(load.tables, load.children["codes"], strict=True)
        ]
        load.tables = arrow_files([spool.file(page.number) for page in kept])
        load.children = {"codes": arrow_files([spool.file(page.number, "codes") for page in kept])}
        load.references = {page.number: page.reference for page in kept}
        return load

    return put


@pytest.mark.parametrize("at_once", [slices.AT_ONCE, 1], ids=["all pages", "each page"])
def test_files_land_as_tables_do(desk, record, spooled, monkeypatch, at_once):
    """Rows, lists, the latest state of a key that came twice, and the page of a record without key; however many at once."""
    monkeypatch.setattr(slices, "AT_ONCE", at_once)
    pages = [[record(1, "a", codes=["x"]), record(2, "b")], [record(1, "c", codes=["y", "z"]), record(None)]]
    done = desk.land_load(spooled(desk.load(*pages, max_rejected_share=1.0)))
    assert (done.inserted, done.quarantined) == (2, 1)
    assert desk.rows("SELECT task_id, task_name FROM core.tasks ORDER BY 1") == [(1, "c"), (2, "b")]
    assert desk.rows("SELECT code FROM core.tasks__codes ORDER BY _position") == [("y",), ("z",)]
    assert desk.rows("SELECT page FROM ops.quarantine") == [("load/tasks/17/00002.json.zst",)]
    assert desk.rows("SELECT task_name, _op FROM history.tasks ORDER BY 1") == [
        ("b", "insert"),
        ("c", "insert"),
    ]
    assert desk.rows("SELECT count(*) FROM history.tasks__codes") == [(2,)]
    again = desk.land_load(spooled(desk.load(*pages, load_id="again", max_rejected_share=1.0)))
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 2)


def test_an_empty_page_in_a_file_lands(desk, spooled):
    """A set without any record has its tables, empty."""
    assert desk.land_load(spooled(desk.load([]))).live_rows == 0
    assert desk.rows("SELECT * FROM core.tasks__codes") == []

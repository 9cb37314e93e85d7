"""However the same records are cut into loads and pages, and whatever fails in between, the same is landed.

No page holds a key twice: it is one answer, and its lists are told apart by key and page.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exepron_pipeline.errors import AuditError
from exepron_pipeline.land.landing import land
from exepron_pipeline.land.ledger import read_watermarks
from exepron_pipeline.land.load import Rejected

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FEW = settings(max_examples=max(6, settings.default.max_examples // 3))

CORE = "SELECT * EXCLUDE (_load_id, _loaded_at) FROM core.{} ORDER BY ALL"
CURRENT = (
    "SELECT * EXCLUDE (_load_id, _op, _valid_from, _known_from) FROM history.{} "
    "WHERE _valid_to IS NULL AND _known_to IS NULL AND _op <> 'delete' ORDER BY ALL"
)

versions = st.lists(st.tuples(st.integers(1, 4), st.text("abc", max_size=2)), min_size=1, max_size=8)


def content(con):
    """What core and the current rows of history hold, as text."""
    tables = ("tasks", "tasks__codes")
    found = [
        con.sql(f"SELECT t::VARCHAR FROM ({sql.format(each)}) t")
        for sql in (CORE, CURRENT)
        for each in tables
    ]
    return [rows.fetchall() for rows in found]


def records_of(found, record):
    """Records that change one after the other; the n-th change is n minutes after the beginning."""
    return [
        record(key, name, START + timedelta(minutes=minute), codes=list(name))
        for minute, (key, name) in enumerate(found)
    ]


@FEW
@given(found=versions, data=st.data())
def test_no_split_and_no_order_of_pages_matters(new_desk, record, found, data):
    """In one load or in many, in any order of pages, some landed twice: core and the current history are the same."""
    records = records_of(found, record)
    whole, parts = new_desk(), new_desk()
    with whole.open() as con:
        land(con, whole.load(*([each] for each in records)))
        wanted = content(con)
    with parts.open() as con:
        cuts = sorted(data.draw(st.sets(st.integers(1, len(records)), max_size=3)))
        for begin, end in zip([0, *cuts], [*cuts, len(records)], strict=True):
            pages = [[each] for each in data.draw(st.permutations(records[begin:end]))]
            for _ in range(data.draw(st.integers(1, 2))):
                done = land(con, parts.load(*pages))
        assert content(con) == wanted
        again = content(con)
        assert land(con, parts.load(*pages)).updated == 0
        assert content(con) == again
    assert done.live_rows == len({key for key, _ in found})


@FEW
@given(found=versions, fails=st.lists(st.booleans(), min_size=8, max_size=8), order=st.permutations(range(8)))
def test_the_watermark_is_what_landed(new_desk, record, found, fails, order):
    """It never moves back, and is the newest stamp of all that landed: what failed to land does not move it."""
    records = records_of(found, record)
    desk, landed = new_desk(), []
    with desk.open() as con:
        for number in (each for each in order if each < len(records)):
            load = desk.load([records[number]])
            if fails[number]:
                load.rejects = [Rejected("1", "odd")]
                with pytest.raises(AuditError):
                    land(con, load)
            else:
                land(con, load)
                landed.append(records[number]["modified_at"])
            assert read_watermarks(con).get(("tasks", "17")) == max(landed, default=None)

from datetime import UTC, datetime, timedelta

import pytest

from exepron_pipeline.errors import AuditError, ContractError
from exepron_pipeline.land.ledger import read_watermarks

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
LATER = START + timedelta(hours=1)


def watermarks(desk):
    """Read all watermarks."""
    with desk.open() as con:
        return read_watermarks(con)


def test_the_watermark_is_the_greatest_cursor_that_came(desk, record):
    """Null cursors are passed over; the text beside it is ISO 8601."""
    done = desk.land([record(1, "a", LATER), record(2, "b", None), record(3)])
    assert done.watermark_after == LATER
    assert watermarks(desk) == {("tasks", "17"): LATER}
    assert desk.rows("SELECT watermark_text FROM ops.watermarks") == [("2026-01-05T13:00:00.000000Z",)]


def test_the_watermark_never_moves_back(desk, record):
    """Older records, or none, leave it where it was."""
    desk.land([record(1, "a", LATER)])
    assert desk.land([record(2)]).watermark_after == LATER
    assert desk.land([]).watermark_after == LATER
    assert watermarks(desk) == {("tasks", "17"): LATER}


def test_each_account_has_its_own_watermark(desk, record):
    """What one account brought does not move the other's."""
    desk.land([record(1, "a", LATER)])
    desk.land([record(1, _account_id="18")], account_id="18")
    assert watermarks(desk) == {("tasks", "17"): LATER, ("tasks", "18"): START}


def test_a_failed_landing_does_not_move_it(desk, record):
    """The watermark moves with the rows or not at all."""
    desk.land([record(1)])
    with pytest.raises(AuditError):
        desk.land([record(2, "b", LATER), record(None, "c", LATER)])
    assert watermarks(desk) == {("tasks", "17"): START}


def test_a_set_without_cursor_has_none(desk, record):
    """Without a cursor nothing is remembered."""
    entity_set = desk.load().entity_set.model_copy(update={"cursor": None})
    assert desk.land([record(1)], entity_set=entity_set).watermark_after is None
    assert watermarks(desk) == {}


def test_a_cursor_that_is_no_time_is_refused(desk, record):
    """A cursor must say when."""
    entity_set = desk.load().entity_set.model_copy(update={"cursor": "task_name"})
    with pytest.raises(ContractError, match="task_name"):
        desk.land([record(1)], entity_set=entity_set)


def test_a_read_from_later_on_leaves_the_watermark_where_it_was(desk, record):
    """What lies between was not read, so the next read begins at the former watermark, or reads everything."""
    late = {"mode": "incremental", "lower": LATER}
    assert desk.land([record(1, "a", LATER)], **late).watermark_after is None
    desk.land([record(2)])
    assert desk.land([record(3, "c", LATER)], **late).watermark_after == START
    assert desk.land([record(3, "c", LATER)], mode="incremental", lower=START).watermark_after == LATER


def test_what_has_no_key_moves_no_watermark(desk, record):
    """A record that could not land says nothing of how far was landed."""
    done = desk.land([record(1), record(None, "b", LATER)], max_rejected_share=1)
    assert done.watermark_after == START


def test_no_date_is_no_watermark(desk, record):
    """A record that changed on the calendar's last day says nothing of how far was read."""
    no_date = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
    changed = datetime(2026, 1, 5, 12, tzinfo=UTC)
    assert desk.land([record(1, changed=no_date)]).watermark_after is None
    assert desk.land([record(1, changed=no_date), record(2, changed=changed)]).watermark_after == changed

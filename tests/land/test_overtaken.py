"""Two loads at once: whichever lands last, the answer of the read that began later stays."""

from datetime import UTC, datetime, timedelta

import pytest

T = [datetime(2026, 2, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(6)]
CORE = "SELECT task_id, task_name, _deleted_at IS NULL FROM core.tasks ORDER BY ALL"


@pytest.fixture
def filled(desk, record):
    """A desk on which two tasks have landed, and when."""
    desk.land([record(1, "a", codes=["x"]), record(2, "a")], started_at=T[0], load_id="first")
    [(before,)] = desk.rows("SELECT max(finished_at)::VARCHAR FROM ops.loads")
    return desk, datetime.fromisoformat(before)


def test_an_older_answer_does_not_replace_a_newer_one(filled, record):
    """Row, list and history stay as the later read left them; other rows of the older one land."""
    desk, before = filled
    newer = {"started_at": T[2], "load_id": "newer", "landed_before": before}
    desk.land([record(1, "c", T[2], codes=["z"])], **newer)
    older = {"started_at": T[1], "load_id": "older", "landed_before": before}
    done = desk.land([record(1, "b", T[1], codes=["y"]), record(2, "b", T[1])], **older)
    assert (done.updated, done.unchanged) == (1, 1)
    assert desk.rows(CORE) == [(1, "c", True), (2, "b", True)]
    assert desk.rows("SELECT code FROM core.tasks__codes") == [("z",)]
    names = "SELECT DISTINCT task_name FROM history.tasks WHERE task_id = 1 ORDER BY 1"
    assert desk.rows(names) == [("a",), ("c",)]
    assert done.watermark_after == T[2]


def test_an_older_answer_does_not_bring_back_what_is_gone(filled, record):
    """A record that the later read found to be gone stays so."""
    desk, before = filled
    gone = {"started_at": T[2], "load_id": "newer", "landed_before": before, "mode": "reconcile"}
    assert desk.land([record(2, "a")], **gone).deleted == 1
    done = desk.land([record(1, "a")], started_at=T[1], load_id="older", landed_before=before)
    assert (done.inserted, done.unchanged) == (0, 1)
    assert desk.rows(CORE) == [(1, "a", False), (2, "a", True)]


def test_who_began_later_wins_though_both_were_under_way(filled, record):
    """A load that landed meanwhile and began before is the older one."""
    desk, before = filled
    desk.land([record(1, "b", T[1])], started_at=T[1], load_id="older", landed_before=before)
    desk.land([record(1, "c", T[2])], started_at=T[2], load_id="newer", landed_before=before)
    assert desk.rows(CORE)[0] == (1, "c", True)


def test_a_clock_that_was_wrong_holds_up_nothing(desk, record):
    """Rows of a load whose clock was years ahead are replaced by the next ones all the same."""
    desk.land([record(1, "a")], started_at=T[0] + timedelta(days=4000), load_id="ahead")
    [(before,)] = desk.rows("SELECT max(finished_at)::VARCHAR FROM ops.loads")
    landed_before = datetime.fromisoformat(before)
    desk.land([record(1, "b", T[1])], started_at=T[1], load_id="right", landed_before=landed_before)
    assert desk.rows(CORE) == [(1, "b", True)]

from datetime import UTC, datetime

import pytest

from exepron_pipeline.errors import AuditError
from exepron_pipeline.land import Rejected


def deleted_keys(desk):
    """Read the keys that are marked as deleted."""
    return [
        key for (key,) in desk.rows("SELECT task_id FROM core.tasks WHERE _deleted_at IS NOT NULL ORDER BY 1")
    ]


@pytest.mark.parametrize("mode", ["full", "incremental"])
def test_only_a_reconcile_marks_deletions(desk, record, mode):
    """Other reads never conclude that a record is gone."""
    desk.land([record(1), record(2)])
    assert desk.land([record(1)], mode=mode).deleted == 0
    assert deleted_keys(desk) == []


@pytest.mark.parametrize("doubt", [{"evidence": "none"}, {"complete": False}])
def test_without_evidence_nothing_is_deleted_and_a_note_says_so(desk, record, doubt):
    """A read that may have missed records says nothing about deletions; that is no failure."""
    desk.land([record(1), record(2)])
    done = desk.land([record(1)], mode="reconcile", **doubt)
    assert done.deleted == 0
    assert "not looked for" in done.notes[0]


def test_only_rows_of_the_account_that_was_read_can_be_gone(desk, record):
    """A reconcile of one account leaves the others alone."""
    desk.land([record(1), record(2)])
    desk.land([record(3, _account_id="18")], account_id="18")
    done = desk.land([record(1)], mode="reconcile")
    assert (done.deleted, done.notes) == (1, ())
    assert deleted_keys(desk) == [2]


def test_a_deleted_row_is_not_deleted_again(desk, record):
    """The next reconcile finds nothing new."""
    desk.land([record(1), record(2)])
    desk.land([record(1)], mode="reconcile", load_id="second")
    assert desk.land([record(1)], mode="reconcile").deleted == 0
    assert desk.rows("SELECT _load_id FROM core.tasks WHERE task_id = 2") == [("second",)]


def test_a_rejected_record_is_not_gone(desk, record):
    """A record that came, but could not land, still exists."""
    desk.land([record(1), record(2)])
    rejects = [Rejected("2", "cost: no decimal", "p1")]
    done = desk.land([record(1)], mode="reconcile", rejects=rejects, fetched=2, max_rejected_share=0.5)
    assert (done.deleted, done.quarantined) == (0, 1)
    assert desk.rows("SELECT key, reason, page FROM ops.quarantine") == [("2", "cost: no decimal", "p1")]


@pytest.mark.parametrize("micro", [0, 250_000])
def test_a_rejected_record_is_recognised_by_a_key_of_several_columns(desk, record, micro):
    """The text of a key has the key's order, and times as Python shows them."""
    moment = datetime(2026, 1, 5, 12, 0, 0, micro, tzinfo=UTC)
    tasks = desk.load().entity_set.model_copy(update={"key": ("modified_at", "task_id"), "children": ()})
    desk.land([record(1, "a", moment), record(2, "a", moment)], entity_set=tasks)
    rejects = [Rejected(f"{moment},2", "cost: no decimal")]
    done = desk.land(
        [record(1, "a", moment)], entity_set=tasks, mode="reconcile", rejects=rejects, max_rejected_share=1
    )
    assert done.deleted == 0


def test_too_many_deletions_are_refused_with_the_cure(desk, record):
    """When a large share of the rows would vanish, nothing is stored and the setting is named."""
    desk.land([record(key) for key in range(20)])
    before = desk.dump()
    with pytest.raises(AuditError, match=r"10 of 20 .* EXEPRON_MAX_DELETED_SHARE"):
        desk.land([record(key) for key in range(10)], mode="reconcile", max_deleted_share=0.2)
    assert desk.dump() == before


def test_a_few_deletions_are_always_allowed(desk, record):
    """Of a small table five rows may vanish, whatever their share."""
    desk.land([record(key) for key in range(6)])
    assert desk.land([record(0)], mode="reconcile", max_deleted_share=0.1).deleted == 5


def test_a_full_read_that_brings_nothing_is_refused(desk, record):
    """A service that suddenly lists nothing is not believed, unless told so."""
    desk.land([record(key) for key in range(6)])
    with pytest.raises(AuditError, match="lists no record"):
        desk.land([], mode="full", max_deleted_share=0.2)
    assert desk.land([], mode="reconcile").deleted == 6


def test_what_another_load_brought_meanwhile_is_not_gone(desk, record):
    """A record that came after a long read had begun, and was landed before it, lives."""
    desk.land([record(1), record(2)])
    long = desk.load([record(1)], mode="reconcile")
    desk.land([record(3)])
    assert desk.land_load(long).deleted == 1
    assert desk.rows("SELECT task_id FROM core.tasks WHERE _deleted_at IS NULL ORDER BY 1") == [(1,), (3,)]

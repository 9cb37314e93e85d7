from dataclasses import replace
from datetime import UTC, datetime

import pytest

from exepron_pipeline.errors import AuditError
from exepron_pipeline.land.load import Rejected
from exepron_pipeline.land.readers import Reader


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
    """Of a small table five rows may vanish, whatever their share, as long as they are less than half."""
    desk.land([record(key) for key in range(11)])
    assert desk.land([record(key) for key in range(6)], mode="reconcile", max_deleted_share=0.1).deleted == 5
    with pytest.raises(AuditError, match="3 of 6"):
        desk.land([record(key) for key in range(3)], mode="reconcile", max_deleted_share=0.1)


def test_a_full_read_that_brings_nothing_is_refused(desk, record):
    """A service that suddenly lists nothing is not believed, unless told so."""
    desk.land([record(key) for key in range(6)])
    with pytest.raises(AuditError, match="lists no record"):
        desk.land([], mode="full", max_deleted_share=0.2)
    assert desk.land([], mode="reconcile").deleted == 6


def test_keys_that_came_without_their_rows_are_not_gone(desk, record):
    """They count as unchanged, unless their rows came too."""
    desk.land([record(1), record(2), record(3), record(4)])
    seen = desk.load([record(1), record(2), record(2), record(3)]).tables
    done = desk.land([record(2, "b")], seen=seen, mode="reconcile", fetched=5)
    assert (done.inserted, done.updated, done.unchanged, done.deleted) == (0, 1, 2, 1)
    assert deleted_keys(desk) == [4]


READER = Reader("7", "3", "sub", "exepron.restapi")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ({"user_id": "8"}, "the user was 7 and is 8"),
        ({"role_id": "4"}, "the role was 3 and is 4"),
        ({"subject": "another"}, "the token's subject was sub and is another"),
        ({"scope": "less"}, "the token's scope was exepron.restapi and is less"),
    ],
)
def test_another_reader_deletes_nothing(desk, record, other, words):
    """What another user, or the same one in another role, does not see is not gone, however little it is; 1 confirms."""
    records = [record(key) for key in range(40)]
    desk.land(records, reader=READER, max_deleted_share=0.2)
    before = desk.dump()
    changed = replace(READER, **other)
    gone = {"mode": "reconcile", "reader": changed}
    with pytest.raises(AuditError, match=words):
        desk.land(records[1:], **gone, max_deleted_share=0.2)
    assert desk.dump() == before
    assert desk.land(records[1:], **gone, max_deleted_share=1).deleted == 1
    assert desk.land(records[2:], **gone, max_deleted_share=0.2).deleted == 1


def test_another_reader_who_sees_everything_is_taken_over(desk, record):
    """A comparison that finds nothing gone makes its reader the one that the next is held against; a refresh does not."""
    records = [record(key) for key in range(40)]
    other = replace(READER, user_id="8")
    desk.land(records, reader=READER)
    desk.land(records, reader=replace(READER, user_id="9"), mode="full")
    with pytest.raises(AuditError, match="7 and is 8"):
        desk.land(records[1:], mode="reconcile", reader=other, max_deleted_share=0.2)
    desk.land(records, mode="reconcile", reader=other)
    assert desk.land(records[1:], mode="reconcile", reader=other, max_deleted_share=0.2).deleted == 1


def test_what_is_not_known_of_a_reader_has_not_changed(desk, record):
    """A service that does not tell role or user, or did not before, stops nothing."""
    records = [record(key) for key in range(40)]
    desk.land(records, reader=replace(READER, role_id=None))
    now = replace(READER, subject=None)
    assert desk.land(records[1:], mode="reconcile", reader=now, max_deleted_share=0.2).deleted == 1


def test_a_filled_column_that_is_null_everywhere_stops_the_comparison(desk, record):
    """A permission that was lost may show as nulls: nothing is marked nor stored, refreshed before or not."""
    records = [record(key) for key in range(40)]
    poor = [record(key, cost=None) for key in range(40)]
    desk.land(records, mode="reconcile", max_deleted_share=0.2)
    before = desk.dump()
    with pytest.raises(
        AuditError, match=r"cost is null in all 39 .* 40 had a value.* EXEPRON_MAX_DELETED_SHARE=1"
    ):
        desk.land(poor[1:], mode="reconcile", max_deleted_share=0.2)
    assert desk.dump() == before
    assert desk.land(poor, mode="full", max_deleted_share=0.2).updated == 40
    with pytest.raises(AuditError, match="cost is null in all 39"):
        desk.land(poor[1:], mode="reconcile", max_deleted_share=0.2)
    assert desk.land(poor[1:], mode="reconcile", max_deleted_share=1).deleted == 1
    assert desk.land(poor[2:], mode="reconcile", max_deleted_share=0.2).deleted == 1


def test_a_column_that_was_not_asked_for_stops_nothing(desk, record):
    """What the catalogue no longer selects, or this generation does not have, is null by itself."""
    desk.land([record(key) for key in range(40)], mode="reconcile")
    poor = [record(key, cost=None) for key in range(1, 40)]
    asked = frozenset({"task_id", "task_name", "share", "due_on", "modified_at"})
    assert desk.land(poor, mode="reconcile", asked=asked, max_deleted_share=0.2).deleted == 1


def test_what_another_load_brought_meanwhile_is_not_gone(desk, record):
    """A record that came after a long read had begun, and was landed before it, lives."""
    desk.land([record(1), record(2)])
    long = desk.load([record(1)], mode="reconcile")
    desk.land([record(3)])
    assert desk.land_load(long).deleted == 1
    assert desk.rows("SELECT task_id FROM core.tasks WHERE _deleted_at IS NULL ORDER BY 1") == [(1,), (3,)]

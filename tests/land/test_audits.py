import pytest

from exepron_pipeline.errors import AuditError
from exepron_pipeline.land.load import Rejected


def test_a_record_without_key_or_account_never_lands(desk, record):
    """It goes to the quarantine with its page; the rest lands."""
    pages = [record(key) for key in range(1, 150)]
    done = desk.land(
        pages,
        [record(None, "secret"), record(150, _account_id=None)],
        max_rejected_share=0.02,
        references={2: "load/2"},
    )
    assert (done.inserted, done.quarantined) == (149, 2)
    assert desk.rows("SELECT key, reason, page FROM ops.quarantine") == [
        (None, "one of task_id, _account_id, which identify the record, is null", "load/2"),
        (None, "one of task_id, _account_id, which identify the record, is null", "load/2"),
    ]
    assert desk.rows("SELECT quarantined FROM ops.loads") == [(2,)]


def test_too_many_rejects_refuse_the_load(desk, record):
    """The message tells how many, shows reasons, and names the setting; nothing is stored."""
    desk.land([record(1)])
    before = desk.dump()
    rejects = [Rejected("2", "cost: no decimal"), Rejected(None, "no object")]
    with pytest.raises(AuditError) as caught:
        desk.land([record(3)], rejects=rejects, fetched=3)
    assert "2 of 3 records" in str(caught.value)
    assert "2: cost: no decimal; no key: no object" in str(caught.value)
    assert "EXEPRON_MAX_REJECTED_SHARE" in str(caught.value)
    assert desk.dump() == before


def test_a_key_that_is_not_unique_is_found(desk, record):
    """Core with a doubled key is refused before commit, whoever doubled it."""
    desk.land([record(1), record(2)])
    desk.rows("INSERT INTO core.tasks FROM core.tasks WHERE task_id = 2")
    with pytest.raises(AuditError, match="not unique"):
        desk.land([record(1, "b")])
    assert desk.rows("SELECT task_name FROM core.tasks WHERE task_id = 1") == [("a",)]


def test_rows_must_add_up(desk, record, monkeypatch):
    """When live rows are not those before plus inserted less deleted, nothing is stored."""
    from exepron_pipeline.land import landing

    desk.land([record(1)])
    before = desk.dump()
    monkeypatch.setattr(landing, "write_core", lambda *given: None)
    with pytest.raises(AuditError, match="has 1 live rows after landing"):
        desk.land([record(2)])
    assert desk.dump() == before

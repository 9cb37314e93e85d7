from datetime import datetime

import pytest

from exepron_pipeline.land.scope import Scope, read_scopes

DELETED = "SELECT task_id FROM core.tasks WHERE _deleted_at IS NOT NULL ORDER BY 1"
LIVE = "SELECT task_id FROM core.tasks WHERE _deleted_at IS NULL ORDER BY 1"


def keys(desk, sql):
    """The keys that a query gives."""
    return [key for (key,) in desk.rows(sql)]


def scope(desk):
    """The scope of the desk's set and account."""
    with desk.open() as con:
        return read_scopes(con).get(("tasks", "17"), Scope())


@pytest.mark.parametrize("mode", ["full", "reconcile"])
def test_another_filter_marks_nothing_as_deleted(desk, record, mode):
    """Records that a new filter leaves out stay as they were, in this load and in every later reconcile."""
    desk.land([record(1), record(2), record(3)])
    done = desk.land([record(1)], mode=mode, scope="status eq 2")
    assert done.deleted == 0
    assert desk.land([record(1)], mode="reconcile", scope="status eq 2").deleted == 0
    assert keys(desk, LIVE) == [1, 2, 3]
    assert keys(desk, "SELECT count(*) FROM history.tasks WHERE _op = 'delete'") == [0]


def test_a_reconcile_under_another_filter_says_why_it_does_not_look(desk, record):
    """The operator is told that the filter changed."""
    desk.land([record(1)])
    assert "filter" in desk.land([record(1)], mode="reconcile", scope="a eq 1").notes[0]
    assert desk.land([record(1)], mode="reconcile", scope="a eq 1").notes == ()


def test_within_a_scope_deletions_are_found(desk, record):
    """What came under the present filter and comes no more is gone."""
    desk.land([record(1), record(2), record(3)])
    desk.land([record(1), record(2)], mode="full", scope="a eq 1")
    desk.land([record(4)], mode="incremental", scope="a eq 1")
    assert desk.land([record(1), record(4)], mode="reconcile", scope="a eq 1").deleted == 1
    assert keys(desk, DELETED) == [2]


def test_without_the_filter_everything_is_looked_at_again(desk, record):
    """When the filter is taken away, the next but one read finds all that is gone."""
    desk.land([record(1), record(2), record(3)])
    desk.land([record(1)], mode="full", scope="a eq 1")
    assert desk.land([record(1), record(2)], mode="full").deleted == 0
    assert scope(desk) == Scope()
    assert desk.land([record(1), record(2)], mode="reconcile").deleted == 1
    assert keys(desk, DELETED) == [3]


def test_an_incremental_read_adopts_no_scope(desk, record):
    """Only a read of everything changes the scope: until then the next sync reads everything."""
    desk.land([record(1), record(2)])
    desk.land([record(1)], mode="incremental", scope="a eq 1")
    assert scope(desk) == Scope()
    desk.land([record(1)], mode="full", scope="a eq 1")
    assert scope(desk).filter == "a eq 1"
    assert isinstance(scope(desk).since, datetime)


def test_a_scope_belongs_to_one_account(desk, record):
    """One account's filter says nothing about another's rows."""
    desk.land([record(1), record(2)])
    desk.land([record(3, _account_id="18"), record(4, _account_id="18")], account_id="18")
    desk.land([record(1)], mode="full", scope="a eq 1")
    done = desk.land([record(3, _account_id="18")], account_id="18", mode="reconcile")
    assert done.deleted == 1
    assert keys(desk, DELETED) == [4]

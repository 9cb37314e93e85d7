"""Weeks of refreshes by the hour and comparisons by night: each night the tables are the truth, and history knows all.

The long form is thirty days with a refresh in every hour.
"""

from datetime import UTC, datetime

import pytest

from exepron_pipeline.catalogue import load_catalogue

pytestmark = [pytest.mark.xdist_group("month"), pytest.mark.timeout(5400)]

OFFERED = tuple(entity_set.name for entity_set in load_catalogue(None).offered)
FEW = ("projects", "tasks", "roles", "resource_types", "task_revenues", "work_hours")
FAR = datetime(9999, 1, 1, tzinfo=UTC)


@pytest.fixture(
    scope="module",
    params=[
        {"days": 5, "names": FEW, "hours": (3, 18), "loss": 2, "change": 1},
        pytest.param(
            {"days": 30, "names": OFFERED, "hours": tuple(range(23)), "loss": 12, "change": 7},
            marks=pytest.mark.full,
        ),
    ],
    ids=["5 days", "30 days"],
)
def month(helper, lab_kit, tmp_path_factory, request):
    """The days, lived through."""
    with helper("flow", "month").lived(lab_kit, tmp_path_factory.mktemp("month"), **request.param) as lived:
        yield lived


def test_every_night_the_tables_are_the_truth(month):
    """After each comparison every set and every list is the truth, row by row and value by value."""
    for number, night in enumerate(month.nights):
        if night.is_restricted:
            continue
        for name, report in night.report.entity_sets.items():
            assert (report.status, report.complete) == ("ok", True), (number, name, report.error)
            assert night.core[name] == night.truth[name], (number, name)
        assert {name: night.core[name] for name in night.lists} == night.lists, number


def test_a_lost_permission_marks_nothing(month):
    """With half of the projects and all money hidden for a day nothing is taken for deleted; the run fails and says why."""
    loss = month.nights[month.loss]
    before = month.nights[month.loss - 1]
    assert loss.is_restricted
    assert loss.deleted == before.deleted
    failed = {name for name, each in loss.report.entity_sets.items() if each.status == "failed"}
    assert {"projects", "tasks", "resource_types"} <= failed
    for name in failed:
        assert "EXEPRON_MAX_DELETED_SHARE=1" in loss.report.entity_sets[name].error
    assert "would be deleted" in loss.report.entity_sets["projects"].error
    assert "hourly_cost is null in all" in loss.report.entity_sets["resource_types"].error
    assert loss.report.entity_sets["task_revenues"].status == "not_permitted"


def test_a_role_that_came_back_is_held_against_deletions_once(month):
    """The night after, what really went is believed once somebody has looked; the message names the role."""
    for error in month.confirmed.values():
        assert "the role was" in error


def test_no_refresh_fails(month):
    """Whatever happens to the service, refreshes land what is shown."""
    for report in month.refreshes:
        assert report.ok, {name: each.error for name, each in report.entity_sets.items() if each.error}


def test_the_days_bring_everything(month):
    """Records come, change with and without a stamp, arrive late, and go: the tests above see all of it."""
    seen = set()
    for number, (before, after) in enumerate(zip(month.nights, month.nights[1:], strict=False)):
        for name in ("projects", "tasks", "work_hours"):
            was, became = before.truth[name], after.truth[name]
            kept = was.keys() & became.keys()
            stamp = "last_modified_on"
            seen |= {"came"} if became.keys() - was.keys() else set()
            seen |= {"went"} if was.keys() - became.keys() else set()
            changed = [key for key in kept if was[key] != became[key]]
            seen |= {"silently" if was[key][stamp] == became[key][stamp] else "stamped" for key in changed}
            seen |= {"late"} if month.corrected(number, name) != was else set()
    assert seen >= {"came", "went", "silently", "stamped", "late"}


def test_history_says_what_was_known_each_night(month):
    """As of any night, and as it was known in that night, history is what the tables held then: lists too."""
    for number, night in enumerate(month.nights):
        for name, rows in night.core.items():
            assert month.as_of(name, FAR, night.at) == rows, (number, name)
            assert month.as_of(name, night.at, night.at) == rows, (number, name)


def test_history_says_what_was_true_each_night(month):
    """As of any night, and as it is known in the end, history is the truth of that night, late arrivals included."""
    for number, night in enumerate(month.nights):
        if night.is_restricted:
            continue
        for name in month.names:
            assert month.as_of(name, night.at, FAR) == month.corrected(number, name), (number, name)

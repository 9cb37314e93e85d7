from datetime import UTC, datetime
from typing import Any

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.errors import EntitySetMissingError
from exepron_pipeline.extract.plan import ReadPlan, plan_read

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


def _plan(entity_set: EntitySet, **wanted: Any) -> ReadPlan:
    return plan_read(entity_set, **{"account_id": "5", "user_id": None, "generation": "g2", **wanted})


@pytest.mark.parametrize(
    ("wanted", "mode", "lower"),
    [
        ({}, "full", None),
        ({"watermark": NOON, "lookback_hours": 2}, "incremental", NOON.replace(hour=10)),
        ({"since": NOON}, "incremental", NOON),
        ({"watermark": NOON, "mode": "full"}, "full", None),
        ({"watermark": NOON, "mode": "reconcile"}, "reconcile", None),
    ],
)
def test_modes(tasks: EntitySet, wanted: dict[str, Any], mode: str, lower: datetime | None) -> None:
    """Only an incremental read with a watermark has a lower bound; without one it is a full read."""
    plan = _plan(tasks, **wanted)
    assert (plan.mode, plan.lower) == (mode, lower)


def test_without_a_cursor_all_is_read(tasks: EntitySet) -> None:
    """A set that does not say when a record changed is read whole."""
    plan = _plan(tasks.model_copy(update={"cursor": None}), watermark=NOON)
    assert (plan.mode, plan.lower, plan.cursor_wire) == ("full", None, None)


def test_paths_are_filled(tasks: EntitySet) -> None:
    """Variables are filled and quoted; the first source comes first, a fan-out keeps its variable."""
    plan = _plan(tasks, account_id="5/6")
    assert plan.path == "Wide/5%2F6/Tasks"
    fan_out = plan.at(plan.sources[2])
    assert fan_out.is_fan_out
    assert fan_out.for_parent(9).path == "Projects/9/Tasks"


def test_a_path_that_names_the_user_needs_one(tasks: EntitySet) -> None:
    """Sources whose variables are not known are no places to try; without any the set is missing."""
    source = tasks.sources[0].model_copy(update={"path": "Users/{userId}/Tasks"})
    mine = tasks.model_copy(update={"sources": (source,)})
    assert _plan(mine, user_id="7").path == "Users/7/Tasks"
    with pytest.raises(EntitySetMissingError, match="path"):
        _plan(mine)


def test_a_generation_without_the_key_is_missing(tasks: EntitySet) -> None:
    """A set whose key has no field in a generation cannot be read there."""
    key = tasks.columns[0].model_copy(update={"wire": {"g3": None}})
    hidden = tasks.model_copy(update={"columns": (key, *tasks.columns[1:])})
    assert _plan(hidden).key_wire == ("taskId",)
    with pytest.raises(EntitySetMissingError, match="key"):
        _plan(hidden, generation="g3")


def test_fields_are_named_only_where_some_are_dropped(tasks: EntitySet, people: EntitySet) -> None:
    """Contact data is not asked for, unless it is to be kept; other sets are asked for all fields."""
    assert _plan(tasks).select == ()
    plan = _plan(people)
    assert plan.select == ("taskId", "taskName", "lastModifiedOn", "guess")
    assert plan.select_sourced == ("taskId", "taskName")
    assert _plan(people, personal="keep").select == ()


@pytest.mark.parametrize(
    ("personal", "kept"), [("keep", True), ("contact-dropped", False), ("hash", False), ("drop", False)]
)
def test_raw_pages_hold_nothing_hidden(
    tasks: EntitySet, people: EntitySet, personal: str, kept: bool
) -> None:
    """Pages of a set with values that the policy hides are not kept; others are."""
    assert _plan(people, personal=personal).keep_pages is kept
    assert _plan(tasks, personal=personal).keep_pages

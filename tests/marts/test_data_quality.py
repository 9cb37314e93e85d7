"""``marts.data_quality`` is true of the tables beside it, and of what is not there."""

from typing import Any

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.marts import MARTS, Asked, build

ATTEMPTS = {
    "projects": {"status": "ok", "finished_at": "2026-03-02T20:00:00+00:00"},
    "tasks": {"status": "ok", "finished_at": "2026-03-02T20:00:00+00:00"},
    "roles": {"status": "ok", "finished_at": "2026-03-02T20:00:00+00:00"},
    "buffers": {"status": "not_offered", "finished_at": "2026-03-02T20:00:00+00:00"},
    "task_revenues": {"status": "not_permitted", "finished_at": "2026-03-02T20:00:00+00:00"},
    "users": {"status": "failed", "finished_at": "2026-03-02T20:00:00+00:00"},
    "cost_groups": {"status": "skipped", "finished_at": "2026-03-02T20:00:00+00:00"},
}


@pytest.fixture
def quality(days: Any) -> Any:
    """Two days of one project; roles without records; gives rows of the mart by table and column."""
    days.project(1, 10.0, project_name="One")
    days.project(2, None, project_name="One")
    days.tasks(1, (100, 4, 8))
    days.tasks(2, (100, 3, 8), (101, None, 5))
    days.scene.land("roles", [], days.moment(2))
    with days.scene.warehouse.open("test") as con:
        build(con, asked=Asked(load_catalogue(), ATTEMPTS))
        found = con.sql("FROM marts.data_quality").to_arrow_table().to_pylist()
    return {(row["table_name"], row["column_name"]): row for row in found}


def test_every_column_has_its_row(quality: Any) -> None:
    """Each column of the catalogue and of each other mart is there, once an account."""
    sets = {
        (f"core.{each.name}", column.name)
        for each in load_catalogue().entity_sets.values()
        for column in each.columns
    }
    marts = {
        (f"marts.{mart.name}", column)
        for mart in MARTS
        for column in mart.columns
        if mart.name != "data_quality"
    }
    assert set(quality) == sets | marts


REASONS = {
    ("core.tasks", "task_id"): ("filled", None, 1.0),
    ("core.tasks", "remaining_duration"): ("partly", None, 0.5),
    ("core.tasks", "task_name"): ("absent", "no_value", 0.0),
    ("core.roles", "role_id"): ("absent", "empty", None),
    ("core.buffers", "buffer_id"): ("absent", "not_offered", None),
    ("core.task_revenues", "amount"): ("absent", "not_permitted", None),
    ("core.users", "user_id"): ("absent", "failed", None),
    ("core.cost_groups", "cost_group_id"): ("absent", "never_asked", None),
    ("core.milestones", "milestone_id"): ("absent", "never_asked", None),
    ("marts.project_status", "project_buffer_size_days"): ("absent", "without_input", 0.0),
    ("marts.fever_chart", "chain_completion_pct"): ("estimated", None, 0.5),
    ("marts.fever_chart", "buffer_penetration_pct"): ("partly", None, 0.5),
}


def test_each_reason(quality: Any) -> None:
    """What is filled is told with its share, what is not with its reason; nothing absent is without one."""
    found = {place: (row["state"], row["why"], row["filled_share"]) for place, row in quality.items()}
    assert {place: found[place] for place in REASONS} == REASONS
    assert all(bool(row["note"]) == (row["state"] != "filled") for row in quality.values())
    assert all(bool(row["why"]) == (row["state"] == "absent") for row in quality.values())

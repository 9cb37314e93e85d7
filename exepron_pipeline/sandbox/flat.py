"""The flat entity sets of G3: one path each, shorter names, a status in words, more navigation.

Here belongs what the vendor's documentation of OData shows of them, and what follows for the sets that it
does not show. Not here: the generation around them (``generations.py``).

Shown: ``projects`` with ``id``, ``name``, ``status`` (text) and ``startDate`` (a date), and the navigation
``manager``, ``tasks`` and ``resources``. ``startDate`` stands for the two start dates of G2.
"""

from dataclasses import replace

from exepron_pipeline.sandbox.schema import BY_NAME, PROJECT_STATUS, TASK_STATUS
from exepron_pipeline.sandbox.views import Column, Relation, View, stored

_PATHS = {
    "users": "users",
    "roles": "roles",
    "projects": "projects",
    "tasks": "tasks",
    "taskLinks": "task_links",
    "buffers": "buffers",
    "resourceTypes": "resource_types",
    "taskResources": "task_resource_assignments",
    "milestones": "milestones",
    "linkedProjects": "linked_projects",
    "projectGroups": "project_groups",
    "costGroups": "cost_groups",
    "taskRevenues": "task_revenues",
    "workHours": "work_hours",
    "calendars": "calendar_days",
    "reasonCodes": "reason_codes",
    "taskReasonCodes": "task_reason_codes",
    "earlyWarnings": "early_warning_history",
}

_STARTS = '{t}."actualStartDate", {t}."projectSuggestedStartDate"'
_REPLACED = {"projectStatusName", "projectSuggestedStartDate", "minimalStartDate"}


def _label(labels: dict[int, str]) -> str:
    """SQL for the label of a status."""
    cases = " ".join(f"WHEN {code} THEN '{label}'" for code, label in labels.items())
    return f'(CASE {{t}}."status" {cases} END)'


def _with_status(view: View, labels: dict[int, str]) -> View:
    text = Column("status", "text", _label(labels))
    return view.with_columns(lambda column: text if column.name == "status" else column)


def _projects() -> View:
    view = _with_status(stored(BY_NAME["projects"]), PROJECT_STATUS).renamed(
        {"projectId": "id", "projectName": "name"}
    )
    kept = view.with_columns(lambda column: None if column.name in _REPLACED else column)
    start = Column("startDate", "date", f"substr(coalesce({_STARTS}), 1, 10)")
    return replace(kept, columns=(*kept.columns, start))


def _tasks() -> View:
    view = _with_status(stored(BY_NAME["tasks"]), TASK_STATUS)
    return view.renamed({"taskId": "id", "taskName": "name"})


def _views() -> dict[str, View]:
    views = {path: stored(BY_NAME[name]) for path, name in _PATHS.items()}
    views["tasks"] = _tasks()
    needed = (
        'SELECT a."resourceTypeId" FROM "task_resource_assignments" AS a WHERE a._project = t."projectId"'
    )
    views["projects"] = replace(
        _projects(),
        relations=(
            Relation("manager", views["users"], 'n."userId" = t."projectManagerID"'),
            Relation("tasks", views["tasks"], 'n._project = t."projectId"', many=True),
            Relation("resources", views["resourceTypes"], f'n."resourceTypeId" IN ({needed})', many=True),
        ),
    )
    return views


FLAT = _views()
"""Views by path."""

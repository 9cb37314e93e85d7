"""The archive of completed projects that makes a portfolio large.

Here belongs filling it. Not here: how the projects came to be (``simulation``).

Completed projects are repeated, further and further back in time, until the portfolio has as many tasks as
it should: with keys of their own, but the tasks, plans and outcomes of their models, as a company has them that
sells the same things again and again. Booked hours and trends are not in the archive.
"""

from dataclasses import dataclass
from math import ceil

from exepron_pipeline.sandbox.schema import BY_NAME, PROJECT_STATUS, EntitySet
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.store import Store
from exepron_pipeline.sandbox.table import SCOPE

_SETS = (
    "projects", "tasks", "task_links", "buffers", "task_resource_assignments", "milestones", "task_revenues",
    "task_reason_codes",
)  # fmt: skip
_KEYS = {
    "projectId": "projects",
    "_project": "projects",
    "taskId": "tasks",
    "_task": "tasks",
    "predecessorTaskId": "tasks",
    "successorTaskId": "tasks",
    "bufferId": "buffers",
    "milestoneId": "milestones",
    "taskRevenueId": "task_revenues",
    "taskReasonCodeId": "task_reason_codes",
}
"""Columns that hold a key of the archive, and whose key it is."""

_WEEKS_BACK = 4
_COMPLETED = next(code for code, label in PROJECT_STATUS.items() if label == "Completed")
_MODELS = f'SELECT "projectId" FROM "projects" WHERE "status" = {_COMPLETED}'


@dataclass(frozen=True, slots=True)
class _Keys:
    """Where the keys of the models lie, and where those of their first copies begin."""

    lowest: int
    span: int
    first: int

    def of_copy(self, column: str) -> str:
        """Return the SQL for the key of copy ``n``, counted from 1."""
        return f'm."{column}" + {self.first - self.lowest - self.span} + n * {self.span}'


def fill(store: Store, numbers: Numbers, tasks: int) -> None:
    """Repeat the completed projects until the portfolio has at least ``tasks`` tasks."""
    with store.lock:
        count = _number(store, 'SELECT COUNT(*) FROM "tasks"')
        models = _number(store, f'SELECT COUNT(*) FROM "tasks" WHERE "_project" IN ({_MODELS})')
        copies = ceil((tasks - count) / models) if tasks > count else 0
        if copies <= 0:
            return
        keys = {name: _keys(store, numbers, name, copies) for name in set(_KEYS.values())}
        store.connection.execute("BEGIN")
        store.connection.execute(f"CREATE TEMP TABLE models AS {_MODELS}")
        for name in _SETS:
            store.connection.execute(_statement(BY_NAME[name], keys), {"copies": copies})
        store.connection.execute("DROP TABLE models")
        store.connection.execute("COMMIT")


def _number(store: Store, query: str) -> int:
    (number,) = store.connection.execute(query).fetchone()
    return int(number or 0)


def _keys(store: Store, numbers: Numbers, name: str, copies: int) -> _Keys:
    key = BY_NAME[name].key[0]
    where = f'FROM "{name}" WHERE "_project" IN ({_MODELS})'
    lowest = _number(store, f'SELECT MIN("{key}") {where}')
    span = _number(store, f'SELECT MAX("{key}") {where}') - lowest + 1
    return _Keys(lowest, span, numbers.take(name, copies * span))


def _statement(entity_set: EntitySet, keys: dict[str, _Keys]) -> str:
    """Return the statement that adds all copies of the models' rows of an entity set."""
    kinds = {field.name: field.kind for field in entity_set.fields}
    columns = [*entity_set.field_names, *SCOPE]
    values = [_value(column, kinds.get(column, "int"), keys) for column in columns]
    names = ", ".join(f'"{column}"' for column in columns)
    return (
        "WITH RECURSIVE copy(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM copy WHERE n < :copies) "
        f'INSERT INTO "{entity_set.name}" ({names}) SELECT {", ".join(values)} '
        f'FROM copy CROSS JOIN "{entity_set.name}" AS m WHERE m."_project" IN (SELECT "projectId" FROM models)'
    )


def _value(column: str, kind: str, keys: dict[str, _Keys]) -> str:
    if column in _KEYS:
        return keys[_KEYS[column]].of_copy(column)
    back = f"(-{7 * _WEEKS_BACK} * n) || ' days'"
    if kind == "date":
        return f'date(m."{column}", {back})'
    if kind == "stamp":
        return f"strftime('%Y-%m-%dT%H:%M:%f', m.\"{column}\", {back})"
    if column == "projectName":
        copy = keys["projects"].of_copy("projectId")
        return f"replace(m.\"projectName\", '#' || m.\"projectId\", '#' || ({copy}))"
    return f'm."{column}"'

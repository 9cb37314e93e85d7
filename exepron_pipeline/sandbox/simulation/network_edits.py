"""Edits of a project's network with their rows: links made and removed, tasks taken away.

Here belong single edits. Not here: who makes them and when (``desk.py``, ``replan.py``).
"""

from collections.abc import Iterator

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.project import Project
from exepron_pipeline.sandbox.simulation.task import Task


def spare_links(project: Project) -> Iterator[tuple[Task, Task]]:
    """Return links to open tasks without which the network would still hang together."""
    for task in project.tasks:
        if task.is_open and len(task.predecessors) > 1:
            yield from ((before, task) for before in task.predecessors if len(before.successors) > 1)


def unlink(account: Account, before: Task, after: Task) -> None:
    """Remove a link."""
    before.successors.remove(after)
    after.predecessors.remove(before)
    account.store.delete("task_links", before.id, after.id)


def connect(account: Account, project: Project, before: Task, after: Task) -> None:
    """Make a link, unless it is there."""
    if before not in after.predecessors:
        before.connect(after)
        account.save_link(project, before, after)


def remove(account: Account, project: Project, task: Task) -> None:
    """Take a task away; what came before it now leads to what came after."""
    before, after = list(task.predecessors), list(task.successors)
    for other in before:
        unlink(account, other, task)
    for other in after:
        unlink(account, task, other)
    for first in before:
        for last in after:
            connect(account, project, first, last)
    project.tasks.remove(task)
    delete_task(account, task)


def delete_task(account: Account, task: Task) -> None:
    """Delete the row of a task and of what it needs."""
    for resource_type_id, _ in task.demand:
        account.store.delete("task_resource_assignments", task.id, resource_type_id)
    account.store.delete("tasks", task.id)

"""Re-plans: the schedule of a started project is given up, and another one takes its place for good.

Here belongs what a re-plan does. Not here: the arithmetic of a plan (``plan.py``) and the day on which
projects move (``pipeline.py``).

Completed tasks stay. What is in progress is planned with what remains of it. Tasks that have not begun are
deleted and made again: new ids, new links, new milestones and planned revenues. So are all buffers. The
critical chain begins anew at 0 % of its way; the due date moves with it.
"""

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.forecast import foretell
from exepron_pipeline.sandbox.simulation.network_edits import delete_task, spare_links
from exepron_pipeline.sandbox.simulation.project import Project, Status
from exepron_pipeline.sandbox.simulation.scheduling import drop_buffers, schedule
from exepron_pipeline.sandbox.simulation.task import Progress, Task

_LOST, _HOPELESS = 110.0, 0.12
"""Penetration in per cent from which a re-plan is thought of, and its chance on each such day."""

_CHANGE_REQUEST = 0.005
"""Chance a day that the customer wants something else."""

_SETTLED_DAYS = 15
"""Working days for which a plan is left alone."""

_KEPT_GAIN = 10
"""A promise that became too generous is drawn in until this part of the new chain is left to spare."""

_EARLY, _LATE = 8.0, 80.0
"""Chain completion in per cent between which a re-plan is worth its trouble."""


def replan_some(account: Account, day: WorkingDay) -> None:
    """Re-plan the started projects whose due date is lost, and those whose customer changed the order."""
    for project in account.in_status(Status.STARTED):
        if _may_be_replanned(account, project, day):
            chance = day.rng.random()
            is_lost = project.signals is not None and project.signals.penetration > _LOST
            if chance < _CHANGE_REQUEST:
                _extend(project, day)
                replan(account, project, day)
            elif is_lost and chance < _HOPELESS:
                replan(account, project, day)


def _may_be_replanned(account: Account, project: Project, day: WorkingDay) -> bool:
    signals, begun = project.signals, project.planned_from
    if signals is None or begun is None or account.company.is_away(project.manager_id, day.index):
        return False
    return day.index - begun >= _SETTLED_DAYS and _EARLY < signals.completion < _LATE


def _fresh(project: Project) -> list[Task]:
    return [task for task in project.tasks if task.progress is Progress.NOT_STARTED]


def _extend(project: Project, day: WorkingDay) -> None:
    """Put a few tasks, one after the other, before a task that has not begun."""
    last = day.rng.choice(_fresh(project))
    before = list(last.predecessors)
    for step in range(1, day.rng.randrange(3, 7)):
        days = day.rng.randrange(2, 9)
        task = Task(
            id=0,
            number=f"CR{day.index}.{step}",
            name=f"Change request {day.index}-{project.id}: {last.name}",
            duration=days,
            true_days=max(1, round(days * day.rng.lognormvariate(0.1, 0.4))),
            demand=last.demand,
            manager_id=last.manager_id,
        )
        for other in before:
            other.connect(task)
        before = [task]
        project.tasks.insert(project.tasks.index(last), task)
    before[0].connect(last)


def replan(account: Account, project: Project, day: WorkingDay) -> None:
    """Give up the schedule of a started project and make another from what is open."""
    fresh = _fresh(project)
    _withdraw(account, project, fresh)
    _think_again(project, fresh, day)
    for task in fresh:
        task.id = account.numbers.next("tasks")
    due = project.due
    schedule(account, project)
    length = project.plan.length if project.plan else 0
    project.chain_end = day.index + length
    if due is not None and project.due is not None and project.due < due:
        project.chain_end += min(due - project.due, length // _KEPT_GAIN)
    project.planned_from = day.index
    project.get_ready()
    project.signals = foretell(project, day.index)
    _publish(account, project, fresh, day)


def _withdraw(account: Account, project: Project, fresh: list[Task]) -> None:
    """Delete the rows of tasks that have not begun, and whatever hangs on them."""
    gone = set(fresh)
    for task in fresh:
        links = [(before, task) for before in task.predecessors]
        for before, after in [*links, *((task, after) for after in task.successors)]:
            account.store.delete("task_links", before.id, after.id)
        if task.id:
            delete_task(account, task)
    for milestone in project.milestones:
        if milestone.task in gone:
            account.store.delete("milestones", milestone.id)
    for revenue in project.planned_revenues:
        if revenue.task in gone:
            account.store.delete("task_revenues", revenue.id)
    for link in account.links:
        if link.before in gone or link.after in gone:
            account.store.delete("linked_projects", *link.key)
    drop_buffers(account, project)


def _think_again(project: Project, fresh: list[Task], day: WorkingDay) -> None:
    """Estimate anew with what was learnt, and drop a link that proved needless."""
    for task in project.tasks:
        if task.progress is Progress.IN_PROGRESS:
            task.plan_anew(task.remaining)
    for task in fresh:
        learnt = task.true_days * day.rng.uniform(0.8, 1.2)
        task.plan_anew(max(1, round((task.duration + learnt) / 2)))
    spare = list(spare_links(project))
    if spare:
        before, after = day.rng.choice(spare)
        before.successors.remove(after)
        after.predecessors.remove(before)


def _publish(account: Account, project: Project, fresh: list[Task], day: WorkingDay) -> None:
    """Save the project with its new schedule, all at one moment."""
    moment, anew = day.moment(), set(fresh)
    account.save_tasks(project, moment)
    for task in project.tasks:
        for before in task.predecessors:
            account.save_link(project, before, task)
    for task in fresh:
        account.save_assignments(project, task)
    for milestone in project.milestones:
        if milestone.task in anew:
            milestone.id = account.numbers.next("milestones")
            account.save_milestone(project, milestone)
    for revenue in project.planned_revenues:
        if revenue.task in anew:
            revenue.id = account.numbers.next("task_revenues")
            account.save_revenue(project, revenue)
    for link in account.links:
        if link.before in anew or link.after in anew:
            account.save_project_link(link)
    account.save_buffers(project)
    account.save_project(project, moment, project.manager_id)

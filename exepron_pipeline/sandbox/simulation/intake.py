"""How a new project enters an account: name, network, milestones, revenues, perhaps a link to another one.

Here belongs the making of projects. Not here: the network's shape (``network.py``) and what becomes of
the project (``pipeline.py``).
"""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.network import Draft, draw_network
from exepron_pipeline.sandbox.simulation.project import Milestone, Project, Revenue
from exepron_pipeline.sandbox.simulation.records import ProjectLink
from exepron_pipeline.sandbox.simulation.task import Task

_FIRST_TASKS, _LEARNT = 0.7, 0.75
_PROJECTS, _TASKS = 0.22, 0.45
"""Logarithms of actual over planned durations: the median of the first tasks, by how much it is less for the
last ones, and the standard deviations from project to project and from task to task."""

_LEAST_TASKS, _MOST_TASKS, _USUAL_TASKS = 30, 200, 55


def _tasks(account: Account, drafts: list[Draft], rng: Random) -> list[Task]:
    """Turn a drawn network into tasks; what they will really take is right-skewed around the plan.

    Projects differ in their luck, and early work, of which less is known, overruns more than late work.
    """
    luck = rng.lognormvariate(_FIRST_TASKS, _PROJECTS)
    tasks: list[Task] = []
    for draft in drafts:
        learnt = _LEARNT * len(tasks) / len(drafts)
        true_days = max(1, round(draft.days * luck * rng.lognormvariate(-learnt, _TASKS)))
        pools = account.company.by_skill
        demand = tuple((pools[skill].id, quantity) for skill, quantity in draft.demand)
        lead = pools[draft.demand[0][0]].user_ids
        manager = rng.choice(lead[:2]) if rng.random() < 0.9 else None
        task = Task(
            account.numbers.next("tasks"), draft.number, draft.name, draft.days, true_days, demand, manager
        )
        task.estimate_anew(draft.days)
        for place in draft.after:
            tasks[place].connect(task)
        tasks.append(task)
    return tasks


def _name(account: Account, project_id: int, rng: Random) -> str:
    industry = account.company.profile.industry
    return f"{rng.choice(industry.projects)} {rng.choice(industry.customers)} #{project_id}"


def enter(account: Account, day: WorkingDay, *, is_template: bool = False) -> Project:
    """Add a project in planning, with all its rows, and return it."""
    project_id = account.numbers.next("projects")
    rng = Random(f"{account.seed}/project/{project_id}")
    industry = account.company.profile.industry
    size = round(rng.triangular(_LEAST_TASKS, _MOST_TASKS, _USUAL_TASKS))
    earliest = account.calendar.day(day.index + rng.randrange(5, 30))
    project = Project(
        id=project_id,
        name=f"Template: {rng.choice(industry.projects)}" if is_template else _name(account, project_id, rng),
        objective=rng.choice(industry.objectives),
        manager_id=rng.choice(account.company.project_manager_ids),
        group_id=rng.choice([*account.group_ids, *account.group_ids, None]),
        minimal_start=earliest,
        wished_due=None
        if is_template or rng.random() < 0.3
        else earliest + timedelta(days=rng.randrange(240, 420)),
        tasks=_tasks(account, draw_network(industry, size, rng), rng),
        since=day.index,
        is_template=is_template,
    )
    _set_milestones(account, project, rng)
    account.projects.append(project)
    _save(account, project, day.moment(), rng)
    return project


def _set_milestones(account: Account, project: Project, rng: Random) -> None:
    """Put milestones on some closing tasks, and planned revenues on those."""
    closing = len(account.company.profile.industry.closing)
    for task in (project.tasks[-closing], project.tasks[1 - closing], project.tasks[-1]):
        task.is_milestone = task.is_anchored = True
        project.milestones.append(Milestone(account.numbers.next("milestones"), task))
        if not project.is_template:
            amount = Decimal(rng.randrange(2_000_000, 30_000_000, 25)) / 100
            number = len(project.planned_revenues) + 1
            note = rng.choice((f"Instalment {number}", f"{number}. Rate, netto", "", None))
            revenue_id = account.numbers.next("task_revenues")
            project.planned_revenues.append(Revenue(revenue_id, task, amount, project.wished_due, note))


def _save(account: Account, project: Project, moment: datetime, rng: Random) -> None:
    account.save_project(project, moment, project.manager_id)
    account.save_tasks(project, moment)
    account.save_milestones(project)
    for task in project.tasks:
        for before in task.predecessors:
            account.save_link(project, before, task)
        account.save_assignments(project, task)
    for revenue in project.planned_revenues:
        account.save_revenue(project, revenue)
    if not project.is_template and rng.random() < 0.3:
        _link(account, project, rng)


def _link(account: Account, project: Project, rng: Random) -> None:
    """Let an early task of the project follow a late task of another one."""
    others = [other for other in account.projects[-8:] if other is not project and not other.is_template]
    if not others:
        return
    other = rng.choice(others)
    origin, destination = other.tasks[-1], project.tasks[rng.randrange(1, 3)]
    destination.is_anchored = True
    link = ProjectLink(other, origin, project, destination)
    account.links.append(link)
    account.save_project_link(link)

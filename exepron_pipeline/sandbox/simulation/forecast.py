"""What a started project's numbers foretell: projected finish, buffer penetration, early warning, risk.

Here belong the formulas. Not here: when they are asked and how they are stored. The product's own
formulas for early warning and risk are not public; ours are simple and have the right signs.

* chain completion % = (planned length of the critical chain - remaining days on it) / planned length
* projected finish = longest way through the open tasks with their *remaining* durations, along links and
  along the critical chain (so that its resource dependencies count), from tomorrow on
* buffer penetration % = (projected finish - planned end of the chain) / project buffer; negative when
  ahead, above 100 when the due date is lost
* early warning = expected use of the buffer at the end, as a share: penetration now, plus the loss on the
  way to go at a pace between a typical project's and the project's own so far (the further it is along,
  the more its own): p + (1 - c) * ((1 - c) * typical + c * p / c)
* risk quotient = early warning, weighted by the revenue that hangs on the project
"""

from decimal import Decimal
from math import sqrt

from exepron_pipeline.sandbox.simulation.project import Project, Signals
from exepron_pipeline.sandbox.simulation.task import Progress, Task

TYPICAL_USE = 50.0
"""Per cent of a buffer that a project uses on its way, on the average."""

_RED, _BLACK = 0.67, 1.0
_TYPICAL_REVENUE = Decimal(400_000)


def project_finishes(project: Project, tomorrow: int) -> int:
    """Set the projected finish of every open task and return the project's, as working-day indexes."""
    start_of_plan = project.plan_start or 0
    for task in project.tasks:
        if task.is_open:
            task.finish = _start(task, tomorrow, start_of_plan) + task.remaining
    return project.tasks[-1].finish


def _start(task: Task, tomorrow: int, start_of_plan: int) -> int:
    start = tomorrow
    for before in task.predecessors:
        start = max(start, before.finish)
    if task.progress is Progress.NOT_STARTED:
        if task.chain_before is not None and task.chain_before.finish > start:
            start = task.chain_before.finish
        if task.is_gate and start_of_plan + task.planned_start > start:
            start = start_of_plan + task.planned_start
    return start


def completion(project: Project) -> float:
    """Return the progress along the critical chain in per cent, never below 0."""
    length = 0 if project.plan is None else project.plan.length
    remaining = sum(task.remaining for task in project.chain)
    return max(0.0, round(100 * (length - remaining) / length, 2))


def foretell(project: Project, tomorrow: int) -> Signals:
    """Compute the signals of a scheduled project whose work goes on on day ``tomorrow``."""
    finish = project_finishes(project, tomorrow)
    if project.plan is None or project.chain_end is None:
        raise ValueError(f"project {project.id} has no schedule yet: accept it before its signals are asked")
    penetration = round(100 * (finish - project.chain_end) / float(project.plan.project_buffer), 2)
    done = completion(project)
    to_go = 1 - done / 100
    warning = round((penetration + to_go * (to_go * TYPICAL_USE + penetration)) / 100, 3)
    return Signals(penetration, done, warning, _colour(warning), _risk(project, warning))


def _colour(warning: float) -> str:
    """Return green (the due date holds), red (in jeopardy) or black (lost without action)."""
    if warning < _RED:
        return "Green"
    return "Red" if warning < _BLACK else "Black"


def _risk(project: Project, warning: float) -> float:
    revenue = sum((revenue.amount for revenue in project.planned_revenues), Decimal(0))
    return round(max(0.0, warning) * sqrt(float(revenue / _TYPICAL_REVENUE)), 2)

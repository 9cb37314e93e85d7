"""The way of projects through an account: planning, accepted, pipeline, started, on hold, completed.

Here belong the changes of a project's status and their dates. Not here: the work on started projects
(``execution.py``).

Each stage pulls from the one before and leaves one project in reserve; starts are staggered, so that
the shared resources are not flooded (the job of the drum in critical chain portfolios).
"""

from math import ceil

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import DAY_ZERO, WorkingDay
from exepron_pipeline.sandbox.simulation.forecast import foretell, project_finishes
from exepron_pipeline.sandbox.simulation.intake import enter
from exepron_pipeline.sandbox.simulation.project import Project, Status
from exepron_pipeline.sandbox.simulation.replan import replan_some
from exepron_pipeline.sandbox.simulation.scheduling import schedule
from exepron_pipeline.sandbox.simulation.task import Progress

_LEAD_DAYS = 65
"""Working days between the starts of as many projects as may run side by side."""

_PLANNING_DAYS, _ACCEPTED_DAYS = 8, 4
_RENEWAL_DAYS = 3
_REVIEW_DAYS, _REVIEW_BEFORE_DAY_ZERO = 20, 5


def move_projects(account: Account, day: WorkingDay) -> None:
    """Let projects enter, be accepted, promised, started, put on hold and resumed, as the day has it."""
    _take_in(account, day)
    limit = account.running_limit
    _pull(
        account, day, Status.PLANNING, Status.ACCEPTED, max(1, limit // 5) + _reserve(account), _PLANNING_DAYS
    )
    _pull(
        account, day, Status.ACCEPTED, Status.PIPELINE, max(1, limit // 4) + _reserve(account), _ACCEPTED_DAYS
    )
    if day.date.weekday() == 0:
        _suggest_starts(account, day)
    _thaw(account, day)
    replan_some(account, day)
    _start(account, day)
    if (account.calendar.index(DAY_ZERO) - _REVIEW_BEFORE_DAY_ZERO - day.index) % _REVIEW_DAYS == 0:
        _put_on_hold(account, day)


def _reserve(account: Account) -> int:
    """Return how many projects a stage keeps back: one, but for an account with few projects."""
    return 1 if account.running_limit > 4 else 0


def _take_in(account: Account, day: WorkingDay) -> None:
    """Let new projects enter when the stages before the start run low."""
    waiting = account.in_status(Status.PLANNING, Status.ACCEPTED, Status.PIPELINE)
    missing = max(account.running_limit, 3 + 2 * _reserve(account)) - len(waiting)
    expected = 0.3 * missing
    arrivals = int(expected) + (day.rng.random() < expected % 1) if missing > 0 else 0
    for _ in range(arrivals):
        enter(account, day)


def _pull(
    account: Account, day: WorkingDay, source: Status, target: Status, wanted: int, least_days: int
) -> None:
    """Move projects on that have been in a stage long enough, as many as the next stage wants."""
    waiting = account.in_status(source)
    room = wanted - len(account.in_status(target))
    ripe = [project for project in waiting if day.index - project.since >= least_days]
    for project in ripe[: min(room, len(waiting) - _reserve(account))] if room > 0 else []:
        if target is Status.ACCEPTED:
            accept(account, project, day)
        else:
            promise(account, project, day)


def _change(account: Account, project: Project, status: Status, day: WorkingDay) -> None:
    project.status, project.since = status, day.index
    account.save_project(project, day.moment(), project.manager_id)
    account.save_buffers(project)
    account.save_milestones(project)


def accept(account: Account, project: Project, day: WorkingDay) -> None:
    """Schedule a project: critical chain and buffers come into being."""
    schedule(account, project)
    account.save_tasks(project, day.moment())
    _change(account, project, Status.ACCEPTED, day)


def promise(account: Account, project: Project, day: WorkingDay) -> None:
    """Put a project into the pipeline with a suggested start and a promised due date."""
    gap = ceil(_LEAD_DAYS / account.running_limit)
    earliest = account.calendar.index(project.minimal_start)
    project.suggested_start = max(earliest, day.index + gap)
    project.chain_end = project.suggested_start + (project.plan.length if project.plan else 0)
    _change(account, project, Status.PIPELINE, day)


def _queue(account: Account) -> list[Project]:
    return sorted(account.in_status(Status.PIPELINE), key=lambda project: (project.minimal_start, project.id))


def _suggest_starts(account: Account, day: WorkingDay) -> None:
    """Suggest starts anew, once a week: as slots fall free, one lead gap apart."""
    gap = ceil(_LEAD_DAYS / account.running_limit)
    running = account.in_status(Status.STARTED)
    slots = sorted(project_finishes(project, day.index) for project in running)
    free = account.running_limit - len(running)
    for place, project in enumerate(_queue(account)):
        slot = slots[min(place - free, len(slots) - 1)] if slots and place >= free else day.index
        earliest = max(account.calendar.index(project.minimal_start), day.index + place * gap)
        project.suggested_start = max(slot, earliest)
        account.save_project(project, day.moment(), project.manager_id)


def _start(account: Account, day: WorkingDay) -> None:
    """Start the next projects of the pipeline when there is room and the last start is long enough ago."""
    limit = account.running_limit
    account.start_credit = min(account.start_credit + limit / _LEAD_DAYS, max(1.0, limit / _LEAD_DAYS))
    room = limit - len(account.in_status(Status.STARTED, Status.FROZEN))
    queue = [project for project in _queue(account) if project.minimal_start <= day.date]
    spare = len(account.in_status(Status.PIPELINE)) - _reserve(account)
    for project in queue[: max(0, min(room, spare, int(account.start_credit)))]:
        account.start_credit -= 1
        start(account, project, day)


def start(account: Account, project: Project, day: WorkingDay) -> None:
    """Start a project; a promise that the start has overtaken by more than a few days is renewed."""
    length = project.plan.length if project.plan else 0
    if project.chain_end is None or day.index + length > project.chain_end + _RENEWAL_DAYS:
        project.chain_end = day.index + length
    project.started = project.planned_from = day.index
    project.get_ready()
    project.signals = foretell(project, day.index)
    _change(account, project, Status.STARTED, day)


def _put_on_hold(account: Account, day: WorkingDay) -> None:
    """Put the projects on hold that suffer least from it, when enough others run."""
    running = account.in_status(Status.STARTED)
    if len(running) < 4 or account.in_status(Status.FROZEN):
        return
    sufferers = sorted(
        running, key=lambda project: (project.signals.penetration if project.signals else 0.0, project.id)
    )
    for project in sufferers[: max(1, len(running) // 20)]:
        project.thaw_on = day.index + day.rng.randrange(12, _REVIEW_DAYS - 1)
        _change(account, project, Status.FROZEN, day)


def _thaw(account: Account, day: WorkingDay) -> None:
    """Resume projects on hold; the customer agreed to the lost days, so the promise moves with them."""
    for project in account.in_status(Status.FROZEN):
        if day.index >= project.thaw_on:
            lost = day.index - project.since
            project.chain_end = (project.chain_end or 0) + lost
            project.planned_from = (project.planned_from or 0) + lost
            _change(account, project, Status.STARTED, day)


def complete(account: Account, day: WorkingDay) -> None:
    """Complete the started projects whose last task is done."""
    for project in account.in_status(Status.STARTED):
        if project.tasks[-1].progress is Progress.COMPLETED:
            _change(account, project, Status.COMPLETED, day)
            account.forget(project)

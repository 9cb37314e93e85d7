"""The evening's look at projects: signals, trend points, buffers; by a manager, or by the service alone.

Here belongs when a project's numbers are computed. Not here: the formulas (``forecast.py``).

A manager who is there saves the project, and its stamp moves. While the manager is on leave nobody
saves; so it is with projects on hold. Once such a project's stamp is older than ``DORMANT`` the service
computes its numbers anew each evening, and the stamp stays where it is: who reads by stamps alone
keeps old numbers. Until then they rest, so that no row moves silently while a reader may look at it again.
"""

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.forecast import foretell
from exepron_pipeline.sandbox.simulation.project import Project, Status


def review(account: Account, day: WorkingDay) -> None:
    """Compute the signals of the projects that are due for it, and add a point to the trends."""
    for project in account.in_status(Status.STARTED):
        moment = day.moment()
        is_away = account.company.is_away(project.manager_id, day.index)
        if is_away and not account.is_dormant(project, moment):
            continue
        _compute(account, project, day)
        account.save_point(project, day)
        if is_away:
            account.amend_project(project, moment)
        else:
            account.save_project(project, moment, project.manager_id)
    for project in account.in_status(Status.FROZEN):
        moment = day.moment()
        if account.is_dormant(project, moment):
            _compute(account, project, day)
            account.amend_project(project, moment)


def _compute(account: Account, project: Project, day: WorkingDay) -> None:
    project.signals = foretell(project, day.index + 1)
    account.save_buffers(project)

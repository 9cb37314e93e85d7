"""Work at the desk: networks edited while in planning, bookings corrected and removed, users changed.

Here belong the edits that have nothing to do with progress; they are where rows disappear. Not here:
the progress (``execution.py``).

Once in five working days at least, a booking and a task link are removed.
"""

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.bookings import QUARTER
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.network_edits import connect, remove, spare_links, unlink
from exepron_pipeline.sandbox.simulation.project import Project, Status

_LINK_DAY, _BOOKING_DAY, _USER_DAY = 1, 3, 4
_WEEK = 5
_RENUMBERED_EVERY, _RENUMBERED_ON = 60, 33
_TITLES = (
    "Senior Engineer",
    "Team lead (interim)",
    "Projektleiterin",
    "主任",
    "Head of O'Brien works",
    "",
    None,
)


def edit(account: Account, day: WorkingDay) -> None:
    """Do the day's edits."""
    weekday = day.index % _WEEK
    if weekday == _LINK_DAY:
        _drop_link(account, day)
    if weekday == _BOOKING_DAY:
        _correct_bookings(account, day)
    if weekday == _USER_DAY:
        _change_user(account, day)
    if day.index % _RENUMBERED_EVERY == _RENUMBERED_ON:
        _renumber(account, day)
    for project in account.in_status(Status.PLANNING):
        if day.rng.random() < 0.25:
            _revise(account, project, day)


def _correct_bookings(account: Account, day: WorkingDay) -> None:
    """Remove a recent booking, and correct another."""
    bookings = account.recent_bookings
    if len(bookings) < 2:
        return
    wrong = bookings[day.rng.randrange(len(bookings))]
    bookings.remove(wrong)
    account.store.delete("work_hours", wrong.id)
    other = bookings[day.rng.randrange(len(bookings))]
    other.hours += QUARTER
    account.save_work_hour(other, day.moment())


def _change_user(account: Account, day: WorkingDay) -> None:
    """Give a person a new title or phone number."""
    user_ids = list(account.company.users)
    user_id = day.rng.choice(user_ids[2:])
    user = account.company.users[user_id]
    user["title_Position"] = day.rng.choice(_TITLES)
    user["phone"] = f"+00 555 {day.rng.randrange(10**6):06d}"
    account.save_user(user_id, day.moment())


def _drop_link(account: Account, day: WorkingDay) -> None:
    """Remove a link that the planners found needless."""
    for project in account.in_status(Status.PLANNING):
        spare = list(spare_links(project))
        if spare:
            before, after = day.rng.choice(spare)
            unlink(account, before, after)
            return


def _renumber(account: Account, day: WorkingDay) -> None:
    """Put the project's number before the task numbers of all projects to come, or take it off again.

    It is one statement in the service's database: hundreds of rows, over several projects, with one stamp.
    """
    moment = day.moment()
    for project in account.in_status(Status.PLANNING, Status.ACCEPTED, Status.PIPELINE):
        prefix = f"{project.id}-"
        for task in project.tasks:
            is_long = task.number.startswith(prefix)
            task.number = task.number.removeprefix(prefix) if is_long else prefix + task.number
            account.save_task(project, task, moment, account.company.service_user_id)


def _revise(account: Account, project: Project, day: WorkingDay) -> None:
    """Change a project in planning: a duration, a new link, seldom a task less."""
    task = day.rng.choice(project.tasks[1:-1])
    choice = day.rng.random()
    if choice < 0.5:
        task.duration = max(1, task.duration + day.rng.choice((-1, 1, 2)))
        task.estimate_anew(task.duration)
        account.save_task(project, task, day.moment(), project.manager_id)
    elif choice < 0.85:
        place = project.tasks.index(task)
        connect(account, project, day.rng.choice(project.tasks[:place]), task)
    elif not task.is_anchored:
        remove(account, project, task)

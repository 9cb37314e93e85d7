"""People come and go: newcomers on probation, leavers whose work others take over, new project managers.

Here belongs the staff's change. Not here: who was there first (``people.py``).

A newcomer who does not stay is deleted. A leaver's row stays, without role: hours were booked in that name.
"""

from exepron_pipeline.sandbox.simulation import rows
from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import WorkingDay
from exepron_pipeline.sandbox.simulation.people import TASK_MANAGER, ResourceType
from exepron_pipeline.sandbox.simulation.project import Status

_JOIN_EVERY, _LEAVE_EVERY, _HAND_OVER_EVERY = 10, 20, 15
_STAYS = 0.65


def move_people(account: Account, day: WorkingDay) -> None:
    """Let people join and leave, and hand projects over, as the day has it."""
    for _ in range(max(1, account.running_limit // 10)):
        if day.index % _JOIN_EVERY == 2:
            _end_probation(account, day)
            _join(account, day)
        if day.index % _LEAVE_EVERY == 7:
            _leave(account, day)
        if day.index % _HAND_OVER_EVERY == 4:
            _hand_over(account, day)


def _join(account: Account, day: WorkingDay) -> None:
    user_id = account.company.staffing.hire(day.rng, TASK_MANAGER, "On probation")
    account.newcomers.append(user_id)
    account.save_user(user_id, day.moment())


def _end_probation(account: Account, day: WorkingDay) -> None:
    """Let the newcomer who came first join a resource type, or go again."""
    if not account.newcomers:
        return
    user_id = account.newcomers.pop(0)
    if day.rng.random() > _STAYS:
        del account.company.users[user_id]
        account.store.delete("users", user_id)
        return
    pool = day.rng.choice(list(account.company.resource_types.values()))
    pool.user_ids.append(user_id)
    account.company.users[user_id] |= {"resourceTypeId": pool.id, "title_Position": pool.skill.name}
    account.save_user(user_id, day.moment())


def _leave(account: Account, day: WorkingDay) -> None:
    """Let one member of a resource type go; open tasks go to a colleague, all at one moment."""
    pools = [pool for pool in account.company.resource_types.values() if len(pool.user_ids) > 1]
    pool = day.rng.choice(pools)
    leaver = pool.user_ids.pop(day.rng.randrange(len(pool.user_ids)))
    account.company.users[leaver] |= {
        "roleId": None,
        "title_Position": f"left {day.date}",
        "isTaskManager": False,
        "isResourceManager": False,
        "resourceTypeId": None,
    }
    account.save_user(leaver, day.moment())
    _promote(account, pool, day)
    _pass_on_tasks(account, leaver, day.rng.choice(pool.user_ids[:2]), day)


def _promote(account: Account, pool: ResourceType, day: WorkingDay) -> None:
    """Make the first of a resource type its manager, and the first two task managers."""
    for place, user_id in enumerate(pool.user_ids[:2]):
        account.company.users[user_id] |= {"isTaskManager": True, "isResourceManager": place == 0}
        account.save_user(user_id, day.moment())
    account.store.save("resource_types", rows.in_account(account.id, rows.resource_type_row(pool)))


def _pass_on_tasks(account: Account, leaver: int, heir: int, day: WorkingDay) -> None:
    moment = day.moment()
    for project in account.projects:
        for task in project.tasks:
            if task.is_open and task.manager_id == leaver:
                task.manager_id = heir
                account.save_task(project, task, moment, heir)


def _hand_over(account: Account, day: WorkingDay) -> None:
    """Give a project another manager."""
    candidates = account.in_status(Status.PIPELINE, Status.STARTED)
    managers = account.company.project_manager_ids
    if candidates and len(managers) > 1:
        project = day.rng.choice(candidates)
        before = project.manager_id
        project.manager_id = day.rng.choice([one for one in managers if one != before])
        account.save_project(project, day.moment(), before)

"""The beginning of an account: its settings, people, resources, and the first projects.

Here belongs what is there before the first simulated day. Not here: what is added later
(``intake.py``), but for the calendar, which is published a year ahead.
"""

from datetime import date
from random import Random

from exepron_pipeline.sandbox.simulation import rows
from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import FIRST_YEAR, WorkCalendar, WorkingDay
from exepron_pipeline.sandbox.simulation.companies import Profile
from exepron_pipeline.sandbox.simulation.intake import enter
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.simulation.people import found
from exepron_pipeline.sandbox.simulation.pipeline import accept, promise
from exepron_pipeline.sandbox.store import Store


def open_account(
    profile: Profile, factor: int, seed: int, first_day: date, store: Store, numbers: Numbers
) -> Account:
    """Found a company with ``factor`` times the usual projects, and save all it begins with."""
    rng = Random(f"{seed}/{profile.account_id}/founding")
    calendar = WorkCalendar(profile.zone, profile.holidays, profile.extra_shifts)
    account = Account(
        company=found(profile, factor, numbers, rng),
        calendar=calendar,
        store=store,
        numbers=numbers,
        seed=seed,
        running_limit=profile.running_projects * factor,
    )
    day = calendar.open(first_day, rng)
    _save_people(account, day)
    _save_settings(account)
    for year in range(FIRST_YEAR, first_day.year + 2):
        publish_calendar(account, year)
    _first_projects(account, day)
    return account


def _save(account: Account, name: str, row: rows.Row) -> None:
    account.store.save(name, rows.in_account(account.id, row))


def _save_people(account: Account, day: WorkingDay) -> None:
    company = account.company
    for row in company.role_rows():
        _save(account, "roles", row)
    for user_id in company.users:
        account.save_user(user_id, day.moment())
    for name, cost_group_id in company.cost_groups.items():
        _save(account, "cost_groups", {"costGroupId": cost_group_id, "costGroupName": name})
    for pool in company.resource_types.values():
        _save(account, "resource_types", rows.resource_type_row(pool))


def _save_settings(account: Account) -> None:
    industry, numbers = account.company.profile.industry, account.numbers
    for name in industry.groups:
        account.group_ids.append(numbers.next("project_groups"))
        _save(account, "project_groups", {"projectGroupId": account.group_ids[-1], "projectGroupName": name})
    for name, color in industry.reason_codes:
        account.reason_code_ids.append(numbers.next("reason_codes"))
        row = {"reasonCodeId": account.reason_code_ids[-1], "reasonCodeName": name, "color": color}
        _save(account, "reason_codes", row)


def publish_calendar(account: Account, year: int) -> None:
    """Save every day of a year, with its description and whether it is worked."""
    for day, description, is_working in account.calendar.year(year):
        row = {
            "calendarDayId": account.numbers.next("calendar_days"),
            "date": day,
            "description": description,
            "isWorkingDay": is_working,
        }
        _save(account, "calendar_days", row)


def _first_projects(account: Account, day: WorkingDay) -> None:
    """Begin with a template, a pipeline that will fill the running slots, and some projects in planning."""
    enter(account, day, is_template=True)
    for _ in range(account.running_limit + 1):
        project = enter(account, day)
        accept(account, project, day)
        promise(account, project, day)
    for _ in range(2 + account.running_limit // 5):
        enter(account, day)

"""What a user may see, changed on demand while the simulation stands still.

Here belongs the change of a user's role. Not here: the roles (``people.py``) and what follows from them
on the wire (``scope.py``).
"""

from datetime import date, timedelta
from random import Random

from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.people import CONTROLLER, WITHOUT_COSTS

_AFTER_OPENING = timedelta(hours=9, minutes=30)


def change_role(account: Account, user_id: int, today: date, *, financial: bool | None) -> None:
    """Give a user a role with or without sight of costs, stamped half an hour after the working hours.

    Args:
        account: the user's account.
        user_id: whose role it is.
        today: the simulated date.
        financial: ``None`` gives the own role back.
    """
    company = account.company
    own = company.own_roles.setdefault(user_id, company.users[user_id]["roleId"])
    role = own
    if financial is False:
        role = company.role_ids[WITHOUT_COSTS]
    elif financial and not company.sees_costs(own):
        role = company.role_ids[CONTROLLER]
    company.users[user_id]["roleId"] = role
    moment = account.calendar.open(today, Random(0)).opens_at + _AFTER_OPENING
    account.save_user(user_id, moment)

"""The simulated accounts as the service sees them: rows in SQLite, and a calendar that can be moved on.

Here belongs the one class that servers and tests use. Not here: how a day goes (``simulation``), and how
rows are asked for over HTTP (``query.py``).
"""

from datetime import date, timedelta
from typing import Any

from exepron_pipeline.sandbox.simulation.calendar import DAY_ZERO
from exepron_pipeline.sandbox.simulation.companies import FACTORS, PROFILES, Size
from exepron_pipeline.sandbox.simulation.day import live
from exepron_pipeline.sandbox.simulation.founding import open_account
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.simulation.people import FINANCIAL
from exepron_pipeline.sandbox.store import Store

_FIRST_DAY = date(2025, 4, 22)


class Portfolio:
    """A portfolio of projects in a few accounts, the same for the same seed, size and day.

    Args:
        seed: chooses one of many portfolios.
        size: ``small`` has some 3,000 tasks, ``medium`` 100,000, ``large`` 1,000,000.
        day: calendar days to live through after the first one, 2026-01-05, which has a past of its own.

    ``connection`` is SQLite in memory (see ``store.py`` for the storage forms); hold ``lock`` while using it.
    """

    def __init__(self, seed: int = 1, size: Size = "small", day: int = 0) -> None:
        self.seed = seed
        self.size: Size = size
        self._store = Store()
        self.connection = self._store.connection
        self.lock = self._store.lock
        self._today = _FIRST_DAY
        numbers = Numbers()
        self._accounts = {
            profile.account_id: open_account(profile, FACTORS[size], seed, _FIRST_DAY, self._store, numbers)
            for profile in PROFILES
        }
        self._store.flush()
        self.advance((DAY_ZERO - _FIRST_DAY).days + day)

    @property
    def today(self) -> date:
        """The simulated date; everything up to its evening has happened."""
        return self._today

    @property
    def day(self) -> int:
        """Calendar days since the first one."""
        return (self._today - DAY_ZERO).days

    def advance(self, days: int) -> None:
        """Live through that many further calendar days."""
        if days < 0:
            raise ValueError(f"cannot advance by {days} days: the simulated calendar only moves forward")
        with self.lock:
            for _ in range(days):
                self._today += timedelta(days=1)
                for account in self._accounts.values():
                    live(account, self._today)
                self._store.flush()

    def accounts(self) -> list[dict[str, Any]]:
        """Return the accounts: ``accountId``, ``accountName``, ``timeZone``; the first holds most."""
        profiles = [account.company.profile for account in self._accounts.values()]
        return [
            {"accountId": profile.account_id, "accountName": profile.name, "timeZone": profile.zone}
            for profile in profiles
        ]

    def service_user(self, account_id: int) -> dict[str, Any]:
        """Return the user of an account who may do everything and is there for programs."""
        return self._user(self._accounts[account_id].company.service_user_id)

    def restricted_user(self, account_id: int) -> dict[str, Any]:
        """Return a user of an account who may not see costs and revenues."""
        return self._user(self._accounts[account_id].company.restricted_user_id)

    def _user(self, user_id: int) -> dict[str, Any]:
        users = self._store.read("users", '"userId" = ?', user_id)
        if not users:
            raise KeyError(f"there is no user {user_id} in this portfolio")
        return users[0]

    def may_see_financial(self, user_id: int) -> bool:
        """True when the user's role lets costs and revenues be seen."""
        roles = self._store.read("roles", '"roleId" = ?', self._user(user_id)["roleId"])
        return FINANCIAL in roles[0]["permissions"]

    def projects_of(self, user_id: int) -> set[int]:
        """Return the keys of "my projects": managed by the user, or with a task of theirs.

        A service user has all projects of its account.
        """
        account_id = self._user(user_id)["accountId"]
        query = 'SELECT "projectId" FROM "projects" WHERE "_account" = :account'
        if user_id != self._accounts[account_id].company.service_user_id:
            query += (
                ' AND ("projectManagerID" = :user OR "projectId" IN '
                '(SELECT "projectId" FROM "tasks" WHERE "taskManagerId" = :user))'
            )
        with self.lock:
            rows = self.connection.execute(query, {"account": account_id, "user": user_id})
            return {project_id for (project_id,) in rows}

    def truth(self, name: str, account_id: int) -> list[dict[str, Any]]:
        """Return the rows of an entity set with Python values, as a user with all permissions is served.

        ``decimal`` is ``Decimal``, ``date`` is ``date``, ``stamp`` is an aware ``datetime`` in UTC, ``list`` a list.
        """
        return self._store.read(name, '"_account" = ?', account_id)

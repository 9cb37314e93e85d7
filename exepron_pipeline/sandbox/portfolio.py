"""The simulated accounts as the service sees them: rows in SQLite, and a calendar that can be moved on.

Here belongs the one class that servers and tests use. Not here: how a day goes (``simulation``), how
rows are asked for over HTTP (``query.py``), and portfolios on disk (``snapshot.py``).
"""

from collections.abc import Set as AbstractSet
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from exepron_pipeline.sandbox import archive
from exepron_pipeline.sandbox.past import Past, Restriction
from exepron_pipeline.sandbox.simulation.account import Account
from exepron_pipeline.sandbox.simulation.calendar import DAY_ZERO
from exepron_pipeline.sandbox.simulation.companies import FACTORS, PROFILES, TASKS, Size
from exepron_pipeline.sandbox.simulation.day import live
from exepron_pipeline.sandbox.simulation.founding import open_account
from exepron_pipeline.sandbox.simulation.numbers import Numbers
from exepron_pipeline.sandbox.simulation.permissions import change_role
from exepron_pipeline.sandbox.snapshot import Snapshots
from exepron_pipeline.sandbox.store import Store

_FIRST_DAY = date(2025, 3, 3)
_WORTH_KEEPING = 30
"""Days lived through while opening from which on it pays to keep the result."""


class Portfolio:
    """A portfolio of projects in a few accounts, the same for the same seed, size and day.

    Args:
        seed: chooses one of many portfolios.
        size: ``small`` has some 3,000 tasks, ``medium`` 100,000, ``large`` 1,000,000.
        day: calendar days to live through after the first one, 2026-01-05, which has a past of its own.
        cache_dir: a private folder in which the portfolio is kept, and from which it is opened the next time.

    ``connection`` is SQLite in memory (see ``table.py`` for the storage forms); hold ``lock`` while using it.
    """

    def __init__(
        self, seed: int = 1, size: Size = "small", day: int = 0, cache_dir: Path | None = None
    ) -> None:
        self.seed = seed
        self.size: Size = size
        self._store = Store()
        self.connection = self._store.connection
        self.lock = self._store.lock
        self._today = _FIRST_DAY
        self._accounts: dict[int, Account] = {}
        self._past = Past(lambda: Portfolio(seed, size, cache_dir=cache_dir))
        self._open(day, None if cache_dir is None else Snapshots(cache_dir, seed, size))

    def _open(self, day: int, snapshots: Snapshots | None) -> None:
        """Come to ``day`` from what is kept on disk, else from the founding; keep what took long."""
        kept = snapshots.load(day, self._store) if snapshots else None
        if kept is None:
            self._found()
            if snapshots:
                snapshots.save(0, self._store, (self._today, self._accounts))
        else:
            self._today, self._accounts = kept
        missing = day - self.day
        self.advance(missing)
        if snapshots and missing >= _WORTH_KEEPING:
            snapshots.save(day, self._store, (self._today, self._accounts))

    def _found(self) -> None:
        """Found the accounts, live through the past, and fill the archive."""
        numbers, factor = Numbers(), FACTORS[self.size]
        for profile in PROFILES:
            self._accounts[profile.account_id] = open_account(
                profile, factor, self.seed, _FIRST_DAY, self._store, numbers
            )
        self._store.flush()
        self.advance((DAY_ZERO - _FIRST_DAY).days)
        archive.fill(self._store, numbers, TASKS[self.size])

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

    def zone_of(self, account_id: int) -> ZoneInfo:
        """Return the zone in which an account lives; stamps in the store are in UTC all the same."""
        return self._accounts[account_id].calendar.zone

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
        """True when the user's role lets costs and revenues be seen; who left has no role."""
        user = self._user(user_id)
        return self._accounts[user["accountId"]].company.sees_costs(user["roleId"])

    def restrict(
        self, user_id: int, financial: bool | None = None, projects: AbstractSet[int] | None = None
    ) -> None:
        """Change what a user may see from now on; without further arguments it is as before all changes.

        Args:
            user_id: any user, the service user included.
            financial: may costs and revenues be seen? The user gets another role, and so a new stamp; ``None``
                gives the own role back.
            projects: keys of the projects that may be seen; ``None`` lets all be seen.

        Raises:
            KeyError: there is no such user.
        """
        account = self._accounts[self._user(user_id)["accountId"]]
        limit = None if projects is None else frozenset(projects)
        with self.lock:
            change_role(account, user_id, self._today, financial=financial)
            self._past.restrictions.append(Restriction(self.day, user_id, financial, limit))
            self._store.flush()

    def visible_projects(self, user_id: int) -> frozenset[int] | None:
        """Return the keys of the projects to which ``restrict`` limits a user, or ``None`` for no limit."""
        limits = [one.projects for one in self._past.restrictions if one.user_id == user_id]
        return limits[-1] if limits else None

    def projects_of(self, user_id: int) -> set[int]:
        """Return the keys of "my projects": managed by the user, or with a task of theirs.

        A service user has all projects of its account, but for those that ``restrict`` hides.
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
            found = {project_id for (project_id,) in rows}
        limit = self.visible_projects(user_id)
        return found if limit is None else found & limit

    def truth(self, name: str, account_id: int) -> list[dict[str, Any]]:
        """Return the rows of an entity set with Python values, as a user with all permissions is served.

        ``decimal`` is ``Decimal``, ``date`` is ``date``, ``stamp`` is an aware ``datetime`` in UTC, ``list`` a list.
        """
        return self._store.read(name, '"_account" = ?', account_id)

    def truth_at(self, name: str, account_id: int, day: int) -> list[dict[str, Any]]:
        """Return what ``truth`` was on the evening of a day; quickest when days are asked in order.

        A second portfolio follows through the past: a step forward costs the days between, a step back builds
        it anew (some seconds; with ``cache_dir`` it is opened).

        Raises:
            ValueError: the day lies before the first one or has not come yet.
        """
        if not 0 <= day <= self.day:
            raise ValueError(f"the portfolio knows the days 0 to {self.day}, not {day}")
        if day == self.day:
            return self.truth(name, account_id)
        with self.lock:
            return self._past.on(day).truth(name, account_id)

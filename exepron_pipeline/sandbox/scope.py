"""Who asks, and which rows a path opens to them.

Here belong account, user, project and task of a path, and the financial permission. Not here: tokens
(``tokens.py``), query options (``query.py``).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from exepron_pipeline.sandbox.generations import Endpoint
from exepron_pipeline.sandbox.limits import Limits
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.refusals import Forbidden, NotFound, Unauthorized
from exepron_pipeline.sandbox.views import View

MINE = 0
"""In place of an account or a user: the caller's."""

ALL = -1
"""In place of a project or a task: all of them."""

_STARTED, _TASK_COMPLETED = 3, 2


@dataclass(frozen=True)
class Caller:
    """The user for whom a request is answered."""

    user_id: int
    account_id: int
    sees_financial: bool
    projects: frozenset[int] | None = None
    """Keys of the projects whose rows they may see; ``None`` for all."""

    def view(self, view: View) -> View:
        """What they see of a view: financial properties may be null."""
        return view if self.sees_financial else view.without_money()

    def limited_to(self, portfolio: Portfolio, projects: int) -> "Caller":
        """The same user with a role that shows only the first so many projects of the account."""
        found = portfolio.connection.execute(
            'SELECT "projectId" FROM "projects" WHERE _account = ? ORDER BY "projectId" LIMIT ?',
            (self.account_id, projects),
        )
        first = frozenset(key for (key,) in found)
        return replace(self, projects=first if self.projects is None else first & self.projects)


@dataclass
class Scope:
    """Conditions in SQL over the entity set's table (alias ``t``), and their values."""

    conditions: list[str] = field(default_factory=list)
    binds: dict[str, object] = field(default_factory=dict)

    def add(self, condition: str, **binds: object) -> None:
        """One more condition that a row has to meet."""
        self.conditions.append(condition)
        self.binds.update(binds)


def find_caller(portfolio: Portfolio, user_id: int, limits: Limits) -> Caller:
    """The user that a token names, with the rights that role and limits leave.

    Raises:
        Unauthorized: there is no such user any more.
    """
    found = portfolio.connection.execute(
        'SELECT "accountId" FROM "users" WHERE "userId" = ?', (user_id,)
    ).fetchone()
    if found is None:
        raise Unauthorized("invalid_token")
    financial = limits.financial and portfolio.may_see_financial(user_id)
    caller = Caller(user_id, found[0], financial, portfolio.visible_projects(user_id))
    return caller if limits.projects is None else caller.limited_to(portfolio, limits.projects)


def resolve(endpoint: Endpoint, numbers: Mapping[str, int], caller: Caller, portfolio: Portfolio) -> Scope:
    """The rows that a path opens to this caller.

    Raises:
        Forbidden: another account, a hidden project, or a financial entity set without that permission.
        NotFound: a user, project or task that the account does not have.
    """
    _check_permission(endpoint, numbers, caller)
    scope = Scope()
    scope.add("t._account = :account", account=caller.account_id)
    scope.binds["now"] = f"{portfolio.today.isoformat()}T23:59:59.999"
    if caller.projects is not None:
        listed = json.dumps(sorted(caller.projects))
        visible = "(t._project IS NULL OR t._project IN (SELECT value FROM json_each(:visible)))"
        scope.add(visible, visible=listed)
    if numbers.get("p", ALL) != ALL:
        _check_exists(portfolio, caller, "Project", numbers["p"])
        scope.add("t._project = :project", project=numbers["p"])
    if numbers.get("t", ALL) != ALL:
        _check_exists(portfolio, caller, "Task", numbers["t"])
        scope.add("t._task = :task", task=numbers["t"])
    if endpoint.reach == "caller":
        scope.add('t."userId" = :user', user=caller.user_id)
    if "u" in numbers:
        _narrow_to_user(scope, endpoint, numbers["u"], caller, portfolio)
    return scope


def _check_permission(endpoint: Endpoint, numbers: Mapping[str, int], caller: Caller) -> None:
    if numbers.get("a", MINE) not in {MINE, caller.account_id}:
        raise Forbidden(f"You have no access to the account with id '{numbers['a']}'.")
    if endpoint.view.needs_financial and not caller.sees_financial:
        raise Forbidden("You have no permission to see financial data.")


def _check_exists(
    portfolio: Portfolio, caller: Caller, word: Literal["Project", "Task", "User"], number: int
) -> None:
    table, key = f"{word.lower()}s", f"{word.lower()}Id"
    found = portfolio.connection.execute(
        f'SELECT 1 FROM "{table}" WHERE "{key}" = ? AND _account = ?', (number, caller.account_id)
    ).fetchone()
    if found is None:
        raise NotFound(f"{word} with id '{number}' not found")
    if word == "Project" and caller.projects is not None and number not in caller.projects:
        raise Forbidden(f"You have no access to the project with id '{number}'.")


def _narrow_to_user(
    scope: Scope, endpoint: Endpoint, user_id: int, caller: Caller, portfolio: Portfolio
) -> None:
    """To projects in which a user has a part, or to the tasks they have to do.

    The service user has a part in all projects of its account, and so in all tasks.
    """
    user = caller.user_id if user_id == MINE else user_id
    _check_exists(portfolio, caller, "User", user)
    projects = json.dumps(sorted(portfolio.projects_of(user)))
    scope.add('t."projectId" IN (SELECT value FROM json_each(:projects))', projects=projects)
    if endpoint.reach == "projects_of_user":
        return
    started = 'SELECT "projectId" FROM "projects" WHERE "status" = :started'
    scope.add(f't."projectId" IN ({started})', started=_STARTED)
    scope.add('t."status" <> :completed', completed=_TASK_COMPLETED)
    if user != portfolio.service_user(caller.account_id)["userId"]:
        scope.add('t."taskManagerId" = :user', user=user)

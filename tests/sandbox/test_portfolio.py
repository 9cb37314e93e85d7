"""The simulated portfolio on its first day: determinism, contents, storage forms, permissions."""

import re
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any

import pytest

from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS, PROJECT_STATUS, TASK_STATUS

TYPES = {
    "int": int,
    "decimal": Decimal,
    "float": float,
    "text": str,
    "bool": bool,
    "date": date,
    "stamp": datetime,
    "list": list,
}
FORMS = {
    "decimal": r"-?\d+\.\d\d",
    "date": r"\d{4}-\d\d-\d\d",
    "stamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}",
    "bool": r"[01]",
}
NAMES = [entity_set.name for entity_set in ENTITY_SETS]

REFERENCES = [
    ("users", "roleId", "roles"),
    ("users", "resourceTypeId", "resource_types"),
    ("projects", "projectManagerID", "users"),
    ("projects", "lastModifiedByUserID", "users"),
    ("projects", "projectGroupId", "project_groups"),
    ("tasks", "projectId", "projects"),
    ("tasks", "taskManagerId", "users"),
    ("tasks", "lastModifiedByUserID", "users"),
    ("task_links", "predecessorTaskId", "tasks"),
    ("task_links", "successorTaskId", "tasks"),
    ("buffers", "projectId", "projects"),
    ("resource_types", "resourceManagerId", "users"),
    ("resource_types", "costGroupId", "cost_groups"),
    ("task_resource_assignments", "taskId", "tasks"),
    ("task_resource_assignments", "resourceTypeId", "resource_types"),
    ("milestones", "taskId", "tasks"),
    ("linked_projects", "originTaskId", "tasks"),
    ("linked_projects", "destinationTaskId", "tasks"),
    ("task_revenues", "taskId", "tasks"),
    ("work_hours", "taskId", "tasks"),
    ("work_hours", "userId", "users"),
    ("work_hours", "resourceTypeId", "resource_types"),
    ("task_reason_codes", "taskId", "tasks"),
    ("task_reason_codes", "primaryReasonCodeId", "reason_codes"),
    ("task_reason_codes", "secondaryReasonCodeId", "reason_codes"),
    ("early_warning_history", "projectId", "projects"),
]


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """Return the portfolio on its first day; tests here do not move it on."""
    return Portfolio()


def rows(portfolio: Portfolio, name: str) -> list[dict[str, Any]]:
    """Return the rows of an entity set over all accounts."""
    return [row for account in portfolio.accounts() for row in portfolio.truth(name, account["accountId"])]


def dump(portfolio: Portfolio) -> list[str]:
    """Return everything that the portfolio holds, as SQL text."""
    return list(portfolio.connection.iterdump())


def test_same_seed_gives_the_same_bytes(portfolio: Portfolio) -> None:
    """Two portfolios with the same seed, size and day are equal to the last byte."""
    assert dump(Portfolio()) == dump(portfolio)


def test_other_seed_gives_another_portfolio(portfolio: Portfolio) -> None:
    """Another seed gives other projects."""
    assert dump(Portfolio(seed=2)) != dump(portfolio)


@pytest.mark.full
def test_days_may_be_lived_through_in_any_portions() -> None:
    """Starting on day 11 equals advancing by 11, and by 4 and 7."""
    at_once, later, in_portions = Portfolio(day=11), Portfolio(), Portfolio()
    later.advance(11)
    in_portions.advance(4)
    in_portions.advance(7)
    assert at_once.day == later.day == in_portions.day == 11
    assert dump(at_once) == dump(later) == dump(in_portions)


def test_calendar_only_moves_forward(portfolio: Portfolio) -> None:
    """Going back is refused, and says so."""
    with pytest.raises(ValueError, match="only moves forward"):
        portfolio.advance(-1)


def test_first_day_is_a_fixed_monday(portfolio: Portfolio) -> None:
    """Day 0 is Monday, 5 January 2026, whatever the date is today."""
    assert portfolio.today == date(2026, 1, 5)
    assert (portfolio.seed, portfolio.size, portfolio.day) == (1, "small", 0)


@pytest.mark.parametrize("seed", [2, 3])
def test_starting_portfolio_has_every_state(seed: int) -> None:
    """Any seed begins with projects in all states and with about 30 projects and 3,000 tasks."""
    portfolio = Portfolio(seed)
    assert {row["projectStatusName"] for row in rows(portfolio, "projects")} == set(PROJECT_STATUS.values())
    assert {row["status"] for row in rows(portfolio, "tasks")} == set(TASK_STATUS)
    assert 25 <= len(rows(portfolio, "projects")) <= 40
    assert 2_400 <= len(rows(portfolio, "tasks")) <= 4_000


def test_first_account_holds_most(portfolio: Portfolio) -> None:
    """There are several accounts, and the first has more projects than any other."""
    counts = [len(portfolio.truth("projects", account["accountId"])) for account in portfolio.accounts()]
    assert len(counts) == 3
    assert counts[0] > sum(counts[1:])


@pytest.mark.parametrize("name", NAMES)
def test_rows_have_the_declared_types(portfolio: Portfolio, name: str) -> None:
    """Every entity set has rows; each value is null or of its field's type, keys and names are complete."""
    entity_set = BY_NAME[name]
    found = rows(portfolio, name)
    assert found
    for row in found:
        assert tuple(row) == entity_set.field_names
        for field in entity_set.fields:
            assert row[field.name] is None or type(row[field.name]) is TYPES[field.kind], field.name
            assert row[field.name] is not None or field.name not in entity_set.key
            assert field.kind != "stamp" or row[field.name] is None or row[field.name].tzinfo is UTC


@pytest.mark.parametrize("name", NAMES)
def test_storage_forms(portfolio: Portfolio, name: str) -> None:
    """Values are stored in the fixed text forms on which filters and sorting rely."""
    for field in BY_NAME[name].fields:
        if field.kind in FORMS:
            query = f'SELECT DISTINCT "{field.name}" FROM "{name}" WHERE "{field.name}" IS NOT NULL'
            values = [str(value) for (value,) in portfolio.connection.execute(query)]
            assert all(re.fullmatch(FORMS[field.kind], value) for value in values), field.name


@pytest.mark.parametrize("name", NAMES)
def test_keys_are_unique_over_all_accounts(portfolio: Portfolio, name: str) -> None:
    """A key belongs to one row of one account, and scope columns say which account and project."""
    keys = [tuple(row[part] for part in BY_NAME[name].key) for row in rows(portfolio, name)]
    assert len(keys) == len(set(keys))
    accounts = {account["accountId"] for account in portfolio.accounts()}
    scopes = portfolio.connection.execute(f'SELECT DISTINCT "_account", "_project" IS NULL FROM "{name}"')
    assert {account for account, _ in scopes} <= accounts


@pytest.mark.parametrize(("name", "field", "target"), REFERENCES)
def test_references_lead_somewhere(portfolio: Portfolio, name: str, field: str, target: str) -> None:
    """A reference is null or the key of a row in the same account."""
    for account in portfolio.accounts():
        key = BY_NAME[target].key[0]
        known = {row[key] for row in portfolio.truth(target, account["accountId"])} | {None}
        assert {row[field] for row in portfolio.truth(name, account["accountId"])} <= known


def test_task_rules_of_the_product(portfolio: Portfolio) -> None:
    """Durations are whole days from 1; remaining days are 0 exactly for completed tasks."""
    for task in rows(portfolio, "tasks"):
        assert task["duration"] >= 1
        assert (task["remainingDuration"] == 0) == (TASK_STATUS[task["status"]] == "Completed")


def test_scheduled_projects_have_chain_and_buffers(portfolio: Portfolio) -> None:
    """From acceptance on a project has a critical chain and one project buffer of half its length."""
    tasks = rows(portfolio, "tasks")
    for project in rows(portfolio, "projects"):
        own = [task for task in tasks if task["projectId"] == project["projectId"]]
        length = sum(task["duration"] for task in own if task["isCriticalChain"])
        buffers = [one for one in rows(portfolio, "buffers") if one["projectId"] == project["projectId"]]
        sizes = [one["bufferSize"] for one in buffers if one["bufferType"] == "project"]
        assert sizes == ([] if project["status"] == 0 else [Decimal(length) / 2])


def test_project_numbers_agree(portfolio: Portfolio) -> None:
    """A started project's last trend point, project buffer and own numbers say the same."""
    points = {(row["projectId"], row["pointDate"]): row for row in rows(portfolio, "early_warning_history")}
    buffers = {row["projectId"]: row for row in rows(portfolio, "buffers") if row["bufferType"] == "project"}
    started = [row for row in rows(portfolio, "projects") if row["projectStatusName"] == "Started"]
    for project in started:
        own = [row for (project_id, _), row in points.items() if project_id == project["projectId"]]
        point, buffer = max(own, key=itemgetter("pointDate")), buffers[project["projectId"]]
        assert project["bufferPenetration"] == point["bufferPenetration"] == buffer["bufferPenetration"]
        assert project["earlyWarning"] == point["earlyWarning"]
        assert 0 <= point["criticalChainCompletion"] <= 100
        used = min(max(Decimal(str(buffer["bufferPenetration"])), Decimal(0)), Decimal(100)) / 100
        assert abs(buffer["bufferRemaining"] - buffer["bufferSize"] * (1 - used)) <= Decimal("0.01")


@pytest.mark.full
def test_finished_projects_used_their_buffers_credibly() -> None:
    """Over many projects the buffer is used in part on the average, seldom by more than all of it."""
    used = [
        project["bufferPenetration"]
        for project in rows(Portfolio(seed=4, day=360), "projects")
        if project["projectStatusName"] == "Completed"
    ]
    late = sum(penetration > 100 for penetration in used) / len(used)
    assert len(used) > 12
    assert 15 < sum(used) / len(used) < 85
    assert late < 0.4
    assert min(used) < 20


def test_text_is_awkward_but_legal(portfolio: Portfolio) -> None:
    """Text holds apostrophes, quotes, commas, umlauts, CJK, line breaks, long and empty strings, and null."""
    values = [
        row[field.name]
        for entity_set in ENTITY_SETS
        for row in rows(portfolio, entity_set.name)
        for field in entity_set.fields
        if field.kind == "text"
    ]
    text = "".join(value for value in values if value)
    assert None in values
    assert "" in values
    assert max(len(value or "") for value in values) > 150
    assert all(sign in text for sign in ("'", '"', ",", "ü", "中", "\n", "&", "%", "#"))


def test_quantities_are_fractions(portfolio: Portfolio) -> None:
    """Assignments include half, whole and several persons, as the product allows."""
    quantities = {row["quantity"] for row in rows(portfolio, "task_resource_assignments")}
    assert {Decimal("0.50"), Decimal("1.00"), Decimal("2.50")} <= quantities


def test_service_user_sees_all(portfolio: Portfolio) -> None:
    """The service user of each account may see money, and all projects of the account are its own."""
    for account in portfolio.accounts():
        user = portfolio.service_user(account["accountId"])
        projects = {row["projectId"] for row in portfolio.truth("projects", account["accountId"])}
        assert user["email"].startswith("sync@")
        assert user["email"].endswith(".example")
        assert portfolio.may_see_financial(user["userId"])
        assert portfolio.projects_of(user["userId"]) == projects


def test_restricted_user_sees_no_money(portfolio: Portfolio) -> None:
    """The restricted user of each account may not see money and has no projects of its own."""
    for account in portfolio.accounts():
        user = portfolio.restricted_user(account["accountId"])
        assert user["accountId"] == account["accountId"]
        assert not portfolio.may_see_financial(user["userId"])
        assert portfolio.projects_of(user["userId"]) == set()


def test_projects_of_a_manager(portfolio: Portfolio) -> None:
    """A user's projects are those managed by them and those with a task of theirs."""
    account_id = portfolio.accounts()[0]["accountId"]
    for user in portfolio.truth("users", account_id)[2:20]:
        user_id = user["userId"]
        managed = {
            row["projectId"]
            for row in portfolio.truth("projects", account_id)
            if row["projectManagerID"] == user_id
        }
        tasks = {
            row["projectId"]
            for row in portfolio.truth("tasks", account_id)
            if row["taskManagerId"] == user_id
        }
        assert portfolio.projects_of(user_id) == managed | tasks


def test_unknown_user_is_an_error(portfolio: Portfolio) -> None:
    """Asking for a user that does not exist says which one."""
    with pytest.raises(KeyError, match="no user 5"):
        portfolio.may_see_financial(5)


def test_other_threads_may_read(portfolio: Portfolio) -> None:
    """The connection serves other threads, which hold the lock meanwhile."""
    seen: list[int] = []

    def read() -> None:
        with portfolio.lock:
            seen.extend(portfolio.connection.execute('SELECT COUNT(*) FROM "tasks"').fetchone())

    thread = threading.Thread(target=read)
    thread.start()
    thread.join()
    assert seen == [len(rows(portfolio, "tasks"))]


def test_early_side_chain_gains_nothing(portfolio: Portfolio) -> None:
    """A feeding buffer is never used by less than nothing; only the project buffer can gain."""
    feeding = [row for row in rows(portfolio, "buffers") if row["bufferType"] == "feeding"]
    assert all(row["bufferPenetration"] >= 0 for row in feeding)
    assert all(0 <= row["bufferRemaining"] <= row["bufferSize"] for row in feeding)
    assert any(row["bufferPenetration"] > 0 for row in feeding)

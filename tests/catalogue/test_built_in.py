"""The built-in catalogue: what it holds, and that it never says more than its evidence."""

import re

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.catalogue.naming import column_name

OFFERED = [
    "logged_in_user", "accounts", "users", "roles", "projects", "tasks", "task_links", "buffers",
    "resource_types", "task_resource_assignments", "milestones", "linked_projects", "project_groups",
    "cost_groups", "task_revenues", "work_hours", "calendar_days", "reason_codes", "task_reason_codes",
    "early_warning_history",
]  # fmt: skip
SPECULATIVE = ["task_checklists", "task_notes", "custom_fields", "quick_tasks", "risks"]
SEEN_PATHS = {
    ("g2", "Accounts/Users/GetLoggedinUser"),
    ("g2", "Accounts/0/Users/0/Projects"),
    ("g2", "Accounts/{accountId}/Projects/-1/Tasks/GetAllTasks"),
    ("g3", "projects"),
}
SEEN_IN = {"client-angular", "client-dotnet", "client-node", "docs-odata"}
PROJECTS_SEEN = {
    "projectId", "projectName", "accountId", "status", "projectStatusName", "earlyWarning",
    "earlyWarningStatus", "riskQuotient", "bufferPenetration", "projectManagerID", "projectDueDate",
    "projectSuggestedStartDate", "minimalStartDate", "projectObjective", "lastModifiedOn",
    "lastModifiedByUserID",
}  # fmt: skip

CATALOGUE = load_catalogue()
SETS = list(CATALOGUE.entity_sets.values())
COLUMNS = [(item.name, column) for item in SETS for column in item.columns]
each_set = pytest.mark.parametrize("entity_set", SETS, ids=lambda item: item.name)


def test_every_known_entity_set_is_there():
    """All entity sets that the product is known to have are listed, and nothing else."""
    assert list(CATALOGUE.entity_sets) == OFFERED + SPECULATIVE


def test_what_no_source_shows_is_switched_off():
    """Speculative sets have no path and are no assets; all others are."""
    assert [item.name for item in CATALOGUE.offered] == OFFERED
    assert all(not CATALOGUE.entity_sets[name].sources for name in SPECULATIVE)


@each_set
def test_every_column_is_described(entity_set):
    """A set, a column and a child each say what they are, in a sentence."""
    texts = [entity_set.description, *(column.description for column in entity_set.columns)]
    texts += [
        text for child in entity_set.children for text in (child.description, child.columns[0].description)
    ]
    assert [text for text in texts if not re.fullmatch(r"[A-Z0-9].+\.", text)] == []


@each_set
def test_keys_are_never_null(entity_set):
    """A key column is declared as never null."""
    assert [name for name in entity_set.key if entity_set.column(name).nullable] == []


@each_set
def test_offered_sets_can_be_read_in_each_exepron_generation(entity_set):
    """Every set has a place to try, whichever generation of Exepron answers."""
    places = [entity_set.sources_for(generation) for generation in ("g1", "g2", "g3")]
    assert all(places) == entity_set.enabled


def test_only_seen_paths_claim_a_source():
    """A path bears a source and H exactly when a source shows it; every other one is inferred."""
    claimed = {(item.generation, item.path) for each in SETS for item in each.sources if not item.is_inferred}
    sure = {(item.generation, item.path) for each in SETS for item in each.sources if item.confidence == "H"}
    assert claimed == sure == {((generation,), path) for generation, path in SEEN_PATHS}


def test_only_seen_columns_are_sure():
    """A column is H exactly when one of the vendor's sources shows it; an inferred one never is."""
    assert {column.source for _, column in COLUMNS} <= SEEN_IN | {"inferred"}
    wrong = [name for name, column in COLUMNS if (column.confidence == "H") != (column.source in SEEN_IN)]
    assert wrong == []


def test_seen_columns_of_projects_are_those_of_the_samples():
    """The fields of projects that claim the vendor's sample are the sample's."""
    columns = CATALOGUE.entity_sets["projects"].columns
    assert {item.wire_in("g2") for item in columns if item.source == "client-angular"} == PROJECTS_SEEN


def test_confirmed_means_that_something_was_seen():
    """A confirmed set has a sourced column; a probable one has no sourced path."""
    for item in SETS:
        if item.evidence == "confirmed":
            assert any(column.source in SEEN_IN for column in item.columns)
        else:
            assert all(source.is_inferred for source in item.sources)


def test_wider_places_are_tried_first():
    """The whole account comes before the user's own, and one request before many."""
    for item in SETS:
        for generation in ("g1", "g2", "g3"):
            cost = [("projectId" in place.variables, place.mine) for place in item.sources_for(generation)]
            assert cost == sorted(cost)


def test_projects_fall_back_to_the_seen_path():
    """The inferred list of all projects is asked first, the sourced list of one's own after it."""
    first, second = CATALOGUE.entity_sets["projects"].sources_for("g2")
    assert (first.is_inferred, first.mine) == (True, False)
    assert (second.is_inferred, second.mine) == (False, True)


@each_set
def test_names_are_those_of_the_second_generation(entity_set):
    """A column bears g2's name in snake_case, but for the status that is two columns."""
    for column in entity_set.columns:
        wire = column.wire_in("g2")
        if wire is not None and not column.name.startswith("status_"):
            assert column.name == column_name(wire)


def test_the_third_generation_has_names_of_its_own():
    """Short names of g3 lead to the same columns."""
    projects, tasks = CATALOGUE.entity_sets["projects"], CATALOGUE.entity_sets["tasks"]
    wires = {column.name: column.wire_in("g3") for column in projects.columns}
    assert wires["project_id"] == "id"
    assert wires["project_name"] == "name"
    assert wires["start_date"] == "startDate"
    assert (wires["status_code"], wires["status_name"]) == (None, "status")
    assert tasks.column("task_id").wire_in("g3") == "id"
    assert projects.column("start_date").wire_in("g2") is None


def test_money_is_marked():
    """Every column that holds money may be left out of what is published."""
    marked = {f"{name}.{column.name}" for name, column in COLUMNS if column.financial}
    assert marked == {
        "resource_types.hourly_cost", "task_revenues.amount", "task_revenues.description", "work_hours.cost",
    }  # fmt: skip


def test_personal_policies_drop_what_they_name():
    """Contact data goes by default, names too under `drop`, and nothing under `keep` and `hash`."""
    users = CATALOGUE.entity_sets["users"]
    contact = {"address", "city", "state", "zip", "phone"}
    names = {"first_name", "last_name", "user_name", "email", "avatar_url"}
    every = {column.name for column in users.columns}
    kept = {policy: {column.name for column in users.columns_kept(policy)} for policy in ("keep", "hash")}
    assert kept == {"keep": every, "hash": every}
    assert every - {column.name for column in users.columns_kept("contact-dropped")} == contact
    assert every - {column.name for column in users.columns_kept("drop")} == contact | names


def test_the_account_does_not_keep_the_person_it_was_read_from():
    """All fields of the user's record but the account's are dropped from the accounts table."""
    user, accounts = CATALOGUE.entity_sets["logged_in_user"], CATALOGUE.entity_sets["accounts"]
    fields = {column.wire_in("g2") for column in user.columns}
    assert fields - set(accounts.navigation) == {"accountId", "accountName"}

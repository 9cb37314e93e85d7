"""A user's file: adding, changing, removing and replacing."""

import pytest

from exepron_pipeline.catalogue import load_catalogue

BUILT_IN = load_catalogue()

ADDED = """
    entity_sets:
      holidays:
        key: holiday_id
        path: Accounts/{accountId}/Holidays
        columns:
          holiday_id: int
          no: text
"""
REPLACED = """
    replace: true
    entity_sets:
      customers:
        key: customer_id
        path: Customers
        cursor: modified_at
        columns:
          customer_id: {type: text, wire: CustomerID}
          modified_at: {type: timestamp, wire: ModifiedDate}
          credit: {type: "decimal(18,2)", wire: {any: Credit, odata2: CreditV2}}
        children:
          tags:
            wire: Tags
            columns:
              tag: {type: text, wire: "."}
"""


def test_a_new_set_stands_after_the_built_in_ones(load):
    """A user's set is added, and all others stay as they were."""
    catalogue = load(ADDED)
    assert list(catalogue.entity_sets) == [*BUILT_IN.entity_sets, "holidays"]
    assert catalogue.entity_sets["tasks"] == BUILT_IN.entity_sets["tasks"]


def test_what_a_user_writes_counts_as_known(load):
    """A user's own entries need no evidence: they are taken as confirmed, from the user."""
    added = load(ADDED).entity_sets["holidays"]
    assert (added.evidence, added.description, added.is_offered) == ("confirmed", "", True)
    source = added.sources_for("g2")[0]
    assert (source.generation, source.source, source.confidence) == (("any",), "user", "H")
    column = added.column("holiday_id")
    assert (column.wire_in("g2"), column.source, column.confidence) == ("holidayId", "user", "H")


def test_yaml_words_are_names(load):
    """A column may be called `no`: names are taken as they are written."""
    assert load(ADDED).entity_sets["holidays"].column("no").type == "text"


def test_a_change_leaves_the_rest(load):
    """Only the fields that a user writes change; the evidence of a column stays its own."""
    text = """
        entity_sets:
          tasks:
            refresh: weekly
            columns:
              remaining_duration: {type: "decimal(10,2)"}
              cost_centre: text
              is_milestone: null
    """
    tasks, before = load(text).entity_sets["tasks"], BUILT_IN.entity_sets["tasks"]
    names = [column.name for column in before.columns if column.name != "is_milestone"]
    assert [column.name for column in tasks.columns] == [*names, "cost_centre"]
    changed = tasks.column("remaining_duration")
    assert changed == before.column("remaining_duration").model_copy(update={"type": "decimal(10,2)"})
    assert (tasks.refresh, tasks.sources, tasks.cursor) == ("weekly", before.sources, before.cursor)


def test_null_takes_a_field_away(load):
    """A field set to null falls back to its default."""
    tasks = load("entity_sets: {tasks: {cursor: null, columns: {duration: {unit: null}}}}").entity_sets[
        "tasks"
    ]
    assert tasks.cursor is None
    assert tasks.column("duration").unit is None


def test_removing_a_set_removes_references_to_it(load):
    """A removed set is gone, and columns that pointed to it stay without the pointer."""
    catalogue = load("entity_sets: {cost_groups: null}")
    assert "cost_groups" not in catalogue.entity_sets
    assert catalogue.entity_sets["resource_types"].column("cost_group_id").references is None
    assert catalogue.entity_sets["tasks"] == BUILT_IN.entity_sets["tasks"]


@pytest.mark.parametrize("places", ["path: Mine", "sources: [{path: Mine}]", "sources: {path: Mine}"])
def test_a_path_replaces_all_places(load, places):
    """A user's path, short or long, is the only one that is tried."""
    tasks = load(f"entity_sets: {{tasks: {{{places}}}}}").entity_sets["tasks"]
    assert [(source.path, source.source) for source in tasks.sources] == [("Mine", "user")]


def test_a_speculative_set_comes_with_a_path(load):
    """A set without evidence becomes an asset when a user knows its path."""
    risks = load("entity_sets: {risks: {enabled: true, path: Risks}}").entity_sets["risks"]
    assert risks.is_offered


def test_children_change_by_name(load):
    """A child's column is added to those that are built in; a child can be removed."""
    text = "entity_sets: {roles: {children: {permissions: {columns: {level: int}}}}}"
    (child,) = load(text).entity_sets["roles"].children
    assert [column.name for column in child.columns] == ["permission", "level"]
    assert load("entity_sets: {roles: {children: {permissions: null}}}").entity_sets["roles"].children == ()


def test_a_replaced_catalogue_holds_nothing_else(load):
    """With `replace: true` any OData service is described by names, keys, paths and columns."""
    catalogue = load(REPLACED)
    (customers,) = catalogue.offered
    assert list(catalogue.entity_sets) == ["customers"]
    assert customers.key == ("customer_id",)
    assert customers.column("credit").wire_in("odata2") == "CreditV2"
    assert customers.column("credit").wire_in("odata4") == "Credit"
    assert customers.children[0].is_plain
    assert customers.sources_for("odata4")[0].path == "Customers"


def test_merge_keys_and_anchors_work(load):
    """YAML's own way to share columns works, and an own entry wins over a shared one."""
    text = """
        replace: true
        entity_sets:
          one: &one
            key: id
            path: One
            columns: &columns {id: int, label: text}
          two:
            <<: *one
            path: Two
            columns: {<<: *columns, label: json}
    """
    sets = load(text).entity_sets
    assert (sets["one"].column("label").type, sets["two"].column("label").type) == ("text", "json")
    assert sets["two"].sources[0].path == "Two"


def test_loading_leaves_the_built_in_catalogue_alone(load):
    """A user's changes never reach the next caller."""
    load("entity_sets: {tasks: null, cost_groups: null, users: {columns: {phone: null}}}")
    again = load_catalogue()
    assert again == BUILT_IN
    assert load(ADDED).entity_sets["users"].column("phone").personal == "contact"

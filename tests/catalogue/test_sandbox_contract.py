"""The catalogue and the sandbox were written apart: they must agree on generation g2."""

import pytest

from exepron_pipeline.catalogue import load_catalogue
from exepron_pipeline.catalogue.naming import column_name
from exepron_pipeline.sandbox.generations import G2
from exepron_pipeline.sandbox.schema import BY_NAME, ENTITY_SETS

CATALOGUE = load_catalogue().entity_sets
KINDS = {"stamp": "timestamp", "decimal": "decimal(18,4)"}
NOT_SERVED = {"timeZone"}
"""Fields that the catalogue proposes and the sandbox leaves out, as a real service may."""

each_set = pytest.mark.parametrize("served", ENTITY_SETS, ids=lambda item: item.name)


@each_set
def test_every_served_field_has_a_column(served):
    """What the sandbox serves is a column or a child under g2's names, and no more is expected."""
    known = CATALOGUE[served.name]
    fields = {column.wire_in("g2") for column in known.columns} | {
        child.wire_field for child in known.children
    }
    assert fields - {None} == set(served.field_names)


@each_set
def test_types_agree(served):
    """A column's type is the kind of the served field, or variant where the real type is unknown."""
    known = CATALOGUE[served.name]
    types = {column.wire_in("g2"): column.type for column in known.columns}
    for field in served.fields:
        if field.kind != "list":
            assert types[field.name] in {KINDS.get(field.kind, field.kind), "variant"}


@each_set
def test_keys_and_navigation_agree(served):
    """Both name the same key, and navigation properties are never columns."""
    known = CATALOGUE[served.name]
    assert known.key == tuple(column_name(name) for name in served.key)
    assert {name for name, _, _ in served.navigation} <= set(known.navigation)


@each_set
def test_a_cursor_is_served(served):
    """The catalogue has a cursor exactly where the sandbox serves a modification stamp."""
    assert (CATALOGUE[served.name].cursor is not None) == ("lastModifiedOn" in served.field_names)


@pytest.mark.parametrize("name", ["logged_in_user", "accounts"])
def test_the_signed_in_user_is_a_served_user(name):
    """What is read of the signed-in user are fields of the users' record."""
    fields = {column.wire_in("g2") for column in CATALOGUE[name].columns}
    assert fields - NOT_SERVED <= set(BY_NAME["users"].field_names)


@pytest.mark.parametrize("known", load_catalogue().offered, ids=lambda item: item.name)
def test_the_first_path_is_served(known):
    """The first g2 path of the catalogue is served by the sandbox; no path leads there to another entity set."""
    expected = "users" if known.name in {"logged_in_user", "accounts"} else known.name
    places = [source for source in known.sources_for("g2") if not source.within]
    paths = [source.path.format(accountId=7, userId=3, projectId=11) for source in places]
    found = [G2.find(path) for path in paths]
    assert found[0] is not None
    assert {each[0].entity_set.name for each in found if each} == {expected}

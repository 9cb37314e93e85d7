"""Names on the wire and in tables."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.catalogue.naming import column_name, wire_name

first = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
later = st.from_regex(r"[A-Z][a-z]{1,8}", fullmatch=True)
canonical = st.builds(lambda head, tail: head + "".join(tail), first, st.lists(later, max_size=5))


@given(canonical)
def test_camel_case_survives_the_way_there_and_back(wire):
    """A regular camelCase name becomes a column and is found again without an entry in the catalogue."""
    assert wire_name(column_name(wire)) == wire


@given(st.text(max_size=30))
def test_every_name_becomes_a_column(wire):
    """Whatever a service calls its field, the column's name is snake_case and stays what it is."""
    name = column_name(wire)
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name)
    assert column_name(name) == name


@pytest.mark.parametrize(
    ("wire", "column"),
    [
        ("projectManagerID", "project_manager_id"),
        ("lastModifiedByUserID", "last_modified_by_user_id"),
        ("avatarURL", "avatar_url"),
        ("title_Position", "title_position"),
        ("URLOfAvatar", "url_of_avatar"),
        ("line2Text", "line_2_text"),
        ("2ndName", "field_2_nd_name"),
    ],
)
def test_odd_names_become_columns(wire, column):
    """Runs of capitals are one word, digits are words, and no column begins with a digit."""
    assert column_name(wire) == column

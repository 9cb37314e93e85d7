"""What a user may narrow or widen in a catalogue file, and the mistakes that are caught."""

import pytest

SET = """
    replace: true
    entity_sets:
      tasks:
        key: task_id
        path: Tasks
        columns:
          task_id: {{type: int, edm: Edm.Int64}}
          title: text
        children:
          tags: {{columns: {{tag: {{type: text, wire: "."}}}}}}
        {more}
"""


def test_every_option_is_taken(load):
    """Short forms of lists are lists of one; children may be selected like columns."""
    text = SET.format(
        more="""select: [title, tags]
        filter: "status eq 2 and contains(name,'(it''s')"
        expand: manager.account
        orderby: [title desc, task_id]"""
    )
    tasks = load(text).entity_sets["tasks"]
    assert tasks.select == ("title", "tags")
    assert tasks.filter == "status eq 2 and contains(name,'(it''s')"
    assert tasks.expand == ("manager.account",)
    assert tasks.orderby == ("title desc", "task_id")
    assert tasks.column("task_id").edm == "Edm.Int64"


def test_a_filter_can_be_added_to_a_built_in_set_and_taken_away(load):
    """The options are changed like any other field."""
    assert load('entity_sets: {tasks: {filter: "a eq 1"}}').entity_sets["tasks"].filter == "a eq 1"
    assert load("entity_sets: {tasks: {filter: null}}").entity_sets["tasks"].filter is None


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("select: [titlo]", "Did you mean title?"),
        ("orderby: [titlo desc]", "Did you mean title?"),
        ("orderby: [title downwards]", "is no order"),
        ("orderby: [Title]", "is no order"),
        ("""filter: "$filter=a eq 1" """, "is no condition"),
        ("""filter: "a eq 'x" """, "is no condition"),
        ("""filter: "(a eq 1" """, "is no condition"),
        ("""filter: "a eq 1) or (b eq 2" """, "is no condition"),
        ("""filter: "" """, "is no condition"),
        ("""filter: "'x'" """, "is no condition"),
        ("""filter: "a eq 1\\n" """, "is no condition"),
        ("expand: ['manager account']", "is nothing to expand"),
        ("expand: ['manager&$top=1']", "is nothing to expand"),
        ("expand: ['$value']", "is nothing to expand"),
    ],
)
def test_mistakes_are_found_before_any_request(mistake, line, words):
    """A wrong option is told with its line, and never sent."""
    found = mistake(SET.format(more=line))
    assert words in found
    assert "mine.yaml:" in found


def test_a_type_of_the_service_is_a_qualified_name(mistake):
    """`edm` is written as `$metadata` writes it."""
    text = SET.format(more="").replace("Edm.Int64", "long")
    assert "'long' is no type of OData" in mistake(text)

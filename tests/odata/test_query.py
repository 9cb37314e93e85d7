from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.query import KeyPart, Query, both
from exepron_pipeline.odata.question import Question

G2, G3, V2 = DIALECTS["g2"], DIALECTS["g3"], DIALECTS["odata2"]


def test_options_are_written_in_one_order() -> None:
    """Each option is written once, blanks as %20, in a fixed order."""
    query = Query(("a", "b"), "a gt 1", ("a asc", "b desc"), 5, 10, count=True, expand=("m",))
    assert query.encode(G3) == (
        "$select=a,b&$expand=m&$filter=a%20gt%201&$orderby=a%20asc,b%20desc&$top=5&$skip=10&$count=true"
    )
    assert Query().encode(G3) == ""
    assert Query(skip=0, top=0).encode(G3) == "$top=0&$skip=0"


def test_count_option_is_that_of_the_dialect() -> None:
    """Each dialect asks for a count in its own words; g2 has no place for one."""
    query = Query(count=True)
    assert query.encode(V2) == "$inlinecount=allpages"
    assert query.encode(G2) == ""


@given(st.text())
def test_no_text_breaks_out_of_its_option(text: str) -> None:
    """Any text in a filter stays one option, and comes back unchanged; no plus, no blank."""
    query = Query(filter=f"a eq '{text}'") if text.isprintable() else Query(filter="a")
    encoded = query.encode(G2)
    assert unquote(encoded) == f"$filter={query.filter}"
    assert not set(encoded) & set('+ #&?"<>')


def test_nested_names() -> None:
    """A name with a dot is a path in conditions and orders, and its first part in $select."""
    query = Query(("manager.id", "manager.name"), orderby=("manager.id asc",))
    assert query.encode(G2) == "$select=manager&$orderby=manager/id%20asc"


def test_conditions_keep_their_meaning() -> None:
    """A condition that holds an `or` is put in parentheses."""
    assert both(None, "a gt 1") == "a gt 1"
    assert both("c ge 2", "a gt 1") == "c ge 2 and a gt 1"
    assert both("c ge 2", "a gt 1 or b gt 2") == "(c ge 2) and (a gt 1 or b gt 2)"


def test_a_question_leaves_out_what_is_not_taken() -> None:
    """Options that a service refuses are not sent."""
    question = Question("http://x", "Set", (KeyPart("a"),), G3)
    assert question.page(9).encode(G3) == "$orderby=a%20asc&$top=9&$count=true"
    bare = Question("http://x", "Set", (KeyPart("a"),), G3, sized=False, ordered=False, counted=False)
    assert bare.page(9).at("Set", G3) == "Set"

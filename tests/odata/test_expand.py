import pytest

from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.query import Query

V4, V2 = DIALECTS["odata4"], DIALECTS["odata2"]


@pytest.mark.parametrize(
    ("select", "expand", "v4", "v2"),
    [
        ((), ("manager",), "$expand=manager", "$expand=manager"),
        (
            ("id", "manager.name", "manager.id"),
            ("manager",),
            "$select=id&$expand=manager($select=name,id)",
            "$select=id,manager/name,manager/id&$expand=manager",
        ),
        (
            ("id", "manager.account.name"),
            ("manager", "manager.account"),
            "$select=id&$expand=manager($expand=account($select=name))",
            "$select=id,manager/account/name&$expand=manager/account",
        ),
        (("a.b", "a.c"), (), "$select=a", "$select=a"),
        (
            ("id", "a.b", "m.n.o"),
            ("m",),
            "$select=id,a&$expand=m($select=n)",
            "$select=id,a,m/n&$expand=m",
        ),
        ((), ("m", "n.o", "n.p"), "$expand=m,n($expand=o,p)", "$expand=m,n/o,n/p"),
        (
            (),
            ("tasks($top=5;$orderby=id)",),
            "$expand=tasks($top=5;$orderby=id)",
            "$expand=tasks($top=5;$orderby=id)",
        ),
    ],
)
def test_what_is_sent_along(select: tuple[str, ...], expand: tuple[str, ...], v4: str, v2: str) -> None:
    """OData 4 nests what it expands; versions before write paths. Fields of what is expanded are asked for there."""
    query = Query(select, expand=expand)
    assert (query.encode(V4), query.encode(V2)) == (v4, v2)


def test_search_and_format() -> None:
    """`$search` is sent where there is one, quotes and blanks encoded; `$format` only on demand."""
    assert Query(search='"tall man" OR x', json=True).encode(V4) == (
        "$search=%22tall%20man%22%20OR%20x&$format=json"
    )
    with pytest.raises(ValueError, match="odata2"):
        Query(search="x").encode(V2)

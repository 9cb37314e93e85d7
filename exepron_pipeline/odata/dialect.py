"""How services differ on the wire, as data. Here: names, options, literal forms. Not here: any request.

A dialect is a value of `Dialect`; code asks its fields and never its name. Sources: the vendor's sample
clients for ``g2``, the vendor's documentation for ``g3`` and ``g1``, the OData standards for the others.
"""

from dataclasses import dataclass

LOGGED_IN_USER = "Accounts/Users/GetLoggedinUser"

V4_STAMP = "{utc}Z"
NAIVE_STAMP = "{utc}"
V3_STAMP = "datetime'{utc}'"
V3_OFFSET_STAMP = "datetimeoffset'{utc}Z'"


@dataclass(frozen=True)
class Dialect:
    """One way of speaking OData over JSON.

    A list at the top of a document is a list of records in every dialect; ``rows`` says where else
    records are found. Literal forms are templates of `str.format`: ``{utc}`` stands for the text of an
    instant in UTC without its zone, ``{value}`` for a value.
    """

    name: str
    rows: tuple[str, ...] = ("value",)
    """Members that hold the records, the first one found wins; a dot enters a member."""
    who_am_i: str | None = None
    """Path that tells who is signed in; None when no source shows one."""
    single_object: bool = False
    """True when an object without any of ``rows`` is one record (a question for one thing)."""
    count_option: str | None = "$count=true"
    """What asks for a count; None where the answer has no place for one."""
    count_keys: tuple[str, ...] = ("@odata.count", "@count")
    """Members that hold the number of all matching records."""
    count_headers: tuple[str, ...] = ()
    """Response headers, in lower case, that may hold that number."""
    count_is_proof: bool = True
    """True when a standard says what the count counts: then it may end a read."""
    next_keys: tuple[str, ...] = ("@odata.nextLink", "@nextLink")
    """Members that hold the address of the next page: text, or an object with ``uri``."""
    stamps: tuple[str, ...] = (V4_STAMP, NAIVE_STAMP, V3_STAMP)
    """Forms of an instant in ``$filter``: the first one is right, the others are tried when it is refused."""
    date: str = "{value}"
    time: str = "{value}"
    guid: str = "{value}"
    decimal: str = "{value}"
    binary: str = "binary'{value}'"


_V2 = Dialect(
    name="odata2",
    rows=("d.results", "d"),
    count_option="$inlinecount=allpages",
    count_keys=("__count",),
    next_keys=("__next",),
    stamps=(V3_OFFSET_STAMP, V3_STAMP, V4_STAMP),
    date="datetime'{value}T00:00:00'",
    time="time'{value:PT%HH%MM%S.%fS}'",
    guid="guid'{value}'",
    decimal="{value}M",
)

_V3 = Dialect(
    name="odata3",
    rows=("value", "d.results", "d"),
    count_option="$inlinecount=allpages",
    count_keys=("odata.count", "__count"),
    next_keys=("odata.nextLink", "__next"),
    stamps=(V3_OFFSET_STAMP, V3_STAMP, V4_STAMP),
    date="datetime'{value}T00:00:00'",
    time="time'{value:PT%HH%MM%S.%fS}'",
    guid="guid'{value}'",
    decimal="{value}M",
)

_G1 = Dialect(
    name="g1",
    who_am_i=LOGGED_IN_USER,
    rows=("value", "d.results", "d"),
    count_option="$inlinecount=allpages",
    count_keys=("odata.count", "__count", "@odata.count"),
    count_headers=("x-total-items",),
    next_keys=("odata.nextLink", "__next", "@odata.nextLink"),
    stamps=(V3_STAMP, V3_OFFSET_STAMP, V4_STAMP),
    date="datetime'{value}T00:00:00'",
    time="time'{value:PT%HH%MM%S.%fS}'",
    guid="guid'{value}'",
    decimal="{value}M",
)

_G2 = Dialect(
    name="g2",
    who_am_i=LOGGED_IN_USER,
    single_object=True,
    count_option=None,  # a bare list has no place for a count
    count_headers=("x-total-items",),
    count_is_proof=False,  # seen only in the house style of the vendor's engineers
)

DIALECTS: dict[str, Dialect] = {
    dialect.name: dialect
    for dialect in (_G1, _G2, Dialect(name="g3", who_am_i=LOGGED_IN_USER), _V2, _V3, Dialect(name="odata4"))
}
"""Every dialect by the name that ``EXEPRON_GENERATION`` takes."""

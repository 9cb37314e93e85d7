"""How services differ in what they are to be asked, as data. Here: options, headers, literal forms. No request.

A dialect is a value of `Dialect`; code asks its fields and never its name. How an answer is wrapped is no
matter of dialect: the answer shows it (``page.py``). Sources: the vendor's sample clients for ``g2``, the
vendor's documentation for ``g3`` and ``g1``, the OData standards for the others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

LOGGED_IN_USER = "Accounts/Users/GetLoggedinUser"

V4_STAMP = "{utc}Z"
NAIVE_STAMP = "{utc}"
V3_STAMP = "datetime'{utc}'"
V3_OFFSET_STAMP = "datetimeoffset'{utc}Z'"

V4_LITERALS: Mapping[str, str] = {
    "timestamp": V4_STAMP,
    "wall time": V4_STAMP,
    "date": "{value}",
    "time": "{value}",
    "duration": "duration'{value}'",
    "binary": "binary'{base64url}'",
    "enum": "{type}'{value}'",
}
"""OData 4.01 URL conventions, 5.1.1.14; what is not listed is written plainly."""

V3_LITERALS: Mapping[str, str] = {
    "timestamp": V3_OFFSET_STAMP,
    "wall time": V3_STAMP,
    "date": "datetime'{value}T00:00:00'",
    "time": "time'{value:PT%HH%MM%S.%fS}'",
    "duration": "time'{value}'",
    "guid": "guid'{value}'",
    "decimal": "{value}M",
    "long": "{value}L",
    "single": "{value}f",
    "binary": "X'{hex}'",
}
"""OData 2.0 "Abstract Type System", 6; the same in 3.0."""

JSON: Mapping[str, str] = {"accept": "application/json"}


@dataclass(frozen=True)
class Dialect:
    """One way of speaking OData over JSON.

    Literal forms are templates of `str.format`: ``{utc}`` stands for the text of an instant in UTC without
    its zone, ``{value}`` for a value, ``{hex}`` and ``{base64url}`` for bytes, ``{type}`` for a qualified name.
    """

    name: str
    who_am_i: str | None = None
    """Path that tells who is signed in; None when no source shows one."""
    single_object: bool = False
    """True when an object that holds no list of records is one record (a question for one thing)."""
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    """What goes with each question, besides the token: the answer is to be JSON, of a version we read."""
    count_option: str | None = "$count=true"
    """What asks for a count; None where the answer has no place for one."""
    count_headers: tuple[str, ...] = ()
    """Response headers, in lower case, that may hold the number of all matching records."""
    count_is_proof: bool = True
    """True when a standard says what the count counts: then it may end a read."""
    nested_expand: bool = True
    """True for ``a($expand=b)``; False for ``a/b``."""
    searches: bool = True
    """True when there is ``$search``."""
    contains: str = "contains"
    """The function that looks for a text in a text: ``contains``, or ``substringof``."""
    stamps: tuple[str, ...] = (V4_STAMP, NAIVE_STAMP, V3_STAMP)
    """Forms of an instant in ``$filter`` whose property's type is not known: the first one is right, the
    others are tried when it is refused."""
    literals: Mapping[str, str] = field(default_factory=lambda: V4_LITERALS)
    """Forms of the other values, by kind (``literals.py``)."""


_V2 = Dialect(
    name="odata2",
    headers={**JSON, "maxdataserviceversion": "2.0"},
    count_option="$inlinecount=allpages",
    nested_expand=False,
    searches=False,
    contains="substringof",
    stamps=(V3_OFFSET_STAMP, V3_STAMP, V4_STAMP),
    literals=V3_LITERALS,
)

_V3 = Dialect(
    name="odata3",
    headers={**JSON, "maxdataserviceversion": "3.0"},
    count_option="$inlinecount=allpages",
    nested_expand=False,
    searches=False,
    contains="substringof",
    stamps=(V3_OFFSET_STAMP, V3_STAMP, V4_STAMP),
    literals=V3_LITERALS,
)

_V4 = Dialect(name="odata4", headers={**JSON, "odata-maxversion": "4.01"})

_G1 = Dialect(
    name="g1",
    who_am_i=LOGGED_IN_USER,
    count_option="$inlinecount=allpages",
    count_headers=("x-total-items",),
    nested_expand=False,
    searches=False,
    contains="substringof",
    stamps=(V3_STAMP, V3_OFFSET_STAMP, V4_STAMP),
    literals=V3_LITERALS,
)

_G2 = Dialect(
    name="g2",
    who_am_i=LOGGED_IN_USER,
    single_object=True,
    count_option=None,  # a bare list has no place for a count
    count_headers=("x-total-items",),
    count_is_proof=False,  # seen only in the house style of the vendor's engineers
)

_G3 = Dialect(name="g3", who_am_i=LOGGED_IN_USER)

DIALECTS: dict[str, Dialect] = {dialect.name: dialect for dialect in (_G1, _G2, _G3, _V2, _V3, _V4)}
"""Every dialect by the name that ``EXEPRON_GENERATION`` takes."""

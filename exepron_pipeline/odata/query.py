"""Query options of one question, and their text. Not here: which question to ask next (``paging.py``).

Blanks are written ``%20``: two measured servers refuse ``+``. Names of properties with a dot (a nested
object in the catalogue's words) become paths with a slash (OData's).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.literals import literal

_SAFE = "$,:()'*/@!;-._~"


@dataclass(frozen=True)
class KeyPart:
    """One property of an entity set's key: its name on the wire and its catalogue type."""

    wire: str
    type: str = "int"


@dataclass(frozen=True)
class Query:
    """The options of one request; what is empty or None is not sent.

    ``filter`` is an OData expression, not yet percent-encoded. ``count`` asks for the number of all
    matching records where the dialect can.
    """

    select: tuple[str, ...] = ()
    filter: str | None = None
    orderby: tuple[str, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool = False
    expand: tuple[str, ...] = ()

    def encode(self, dialect: Dialect) -> str:
        """Write the options as the text after ``?``; empty when there are none."""
        options = {
            "$select": ",".join(dict.fromkeys(name.partition(".")[0] for name in self.select)),
            "$expand": ",".join(self.expand),
            "$filter": self.filter,
            "$orderby": ",".join(property_path(term) for term in self.orderby),
            "$top": self.top,
            "$skip": self.skip,
        }
        sent = {name: str(value) for name, value in options.items() if value not in (None, "")}
        parts = [f"{name}={quote(value, safe=_SAFE)}" for name, value in sent.items()]
        return "&".join([*parts, dialect.count_option] if self.count and dialect.count_option else parts)

    def at(self, path: str, dialect: Dialect) -> str:
        """Write the address of this question below the service's base."""
        options = self.encode(dialect)
        return f"{path}?{options}" if options else path


def property_path(wire: str) -> str:
    """Write a name with dots as an OData path: ``manager.id`` becomes ``manager/id``."""
    return wire.replace(".", "/")


def both(first: str | None, second: str) -> str:
    """Combine two conditions with ``and``; an ``or`` inside the first one keeps its meaning."""
    if not first:
        return second
    return f"({first}) and ({second})" if " or " in f"{first} {second}" else f"{first} and {second}"


def after(key: Sequence[KeyPart], last: Sequence[object], dialect: Dialect) -> str:
    """Write the condition for all keys that come after ``last`` in ascending order.

    A key of several parts needs ``a gt x or (a eq x and b gt y)``: OData compares no tuples.
    """
    texts = [literal(value, part.type, dialect) for part, value in zip(key, last, strict=True)]
    names = [property_path(part.wire) for part in key]
    condition = f"{names[-1]} gt {texts[-1]}"
    for name, text in zip(names[-2::-1], texts[-2::-1], strict=True):
        inner = f"({condition})" if " or " in condition else condition
        condition = f"{name} gt {text} or ({name} eq {text} and {inner})"
    return condition

"""Query options of one question, and their text. Not here: which question to ask next (``paging.py``).

Blanks are written ``%20``: two measured servers refuse ``+``. Names of properties with a dot (a nested
object in the catalogue's words) become paths with a slash (OData's).
"""

import re
from dataclasses import dataclass
from urllib.parse import quote

from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.expand import expand_options
from exepron_pipeline.odata.filter import KeyPart, property_path

__all__ = ["KeyPart", "Query", "both", "property_path"]

_SAFE = "$,:()'*/@!;=-._~"


@dataclass(frozen=True)
class Query:
    """The options of one request; what is empty or None is not sent.

    ``filter`` is an OData expression, not yet percent-encoded (`Condition.text` writes one). ``count`` asks
    for the number of all matching records where the dialect can, ``json`` asks for JSON in the address, for
    services that do not heed ``Accept``. ``expand`` names navigation properties, a dot enters one; selected
    fields below them are asked for there.
    """

    select: tuple[str, ...] = ()
    filter: str | None = None
    orderby: tuple[str, ...] = ()
    top: int | None = None
    skip: int | None = None
    count: bool = False
    expand: tuple[str, ...] = ()
    search: str | None = None
    json: bool = False

    def encode(self, dialect: Dialect) -> str:
        """Write the options as the text after ``?``; empty when there are none.

        Raises:
            ValueError: The dialect has no ``$search``.

        """
        if self.search and not dialect.searches:
            raise ValueError(f"{dialect.name} has no $search")
        select, expand = expand_options(self.select, self.expand, nested=dialect.nested_expand)
        options = {
            "$select": ",".join(select),
            "$expand": ",".join(expand),
            "$filter": self.filter,
            "$search": self.search,
            "$orderby": ",".join(property_path(term) for term in self.orderby),
            "$top": self.top,
            "$skip": self.skip,
            "$format": "json" if self.json else None,
        }
        sent = {name: str(value) for name, value in options.items() if value not in (None, "")}
        parts = [f"{name}={quote(value, safe=_SAFE)}" for name, value in sent.items()]
        return "&".join([*parts, dialect.count_option] if self.count and dialect.count_option else parts)

    def at(self, path: str, dialect: Dialect) -> str:
        """Write the address of this question below the service's base."""
        options = self.encode(dialect)
        return f"{path}?{options}" if options else path


def both(first: str | None, second: str) -> str:
    """Combine two conditions with ``and``; an ``or`` inside of one keeps its meaning."""
    if not first:
        return second
    is_loose = re.search(r"\sor\s", f"{first} {second}", re.IGNORECASE)
    return f"({first}) and ({second})" if is_loose else f"{first} and {second}"

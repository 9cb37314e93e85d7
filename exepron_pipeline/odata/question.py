"""What a walk over pages is to read, and whom it asks. Here: values. Not here: walking (``paging.py``)."""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.query import KeyPart, Query

if TYPE_CHECKING:
    from exepron_pipeline.http.transport import Response

_LIMIT = re.compile(r"(?<!node count )limit of '?(\d++)'?+(?! for (?!top))", re.IGNORECASE)


class Api(Protocol):
    """What reading needs of a `Service`: its base address, and good answers to addresses below it."""

    base_url: str

    @property
    def in_flight(self) -> int:
        """Requests that may be under way together."""

    def get(self, address: str, *, until: float | None = None) -> "Response":
        """Return a good answer, or raise one of our errors; nothing is tried again after ``until``."""


@dataclass(frozen=True)
class Question:
    """What to read: a path below the base, options, and the key to go on by.

    Args:
        base_url: The service's base address, to place its next links.
        path: Below the base.
        key: The key's properties, in the order in which they sort.
        dialect: How the service speaks.
        query: ``$select``, ``$expand``, the base ``$filter``, and an order that goes before the key's; the
            rest is the walk's.
        size: Records a page to ask for.
        sized: False when the service does not take ``$top``.
        ordered: False when it does not take ``$orderby``; then nothing is proven by order.
        counted: False when it does not take the count option.
        keyset: False when it is known not to take or not to obey conditions on the key.
        counts_all: True when its count was seen to be more than the records of a page: some services count those.

    """

    base_url: str
    path: str
    key: tuple[KeyPart, ...]
    dialect: Dialect
    query: Query = field(default_factory=Query)
    size: int = 5_000
    sized: bool = True
    ordered: bool = True
    counted: bool = True
    keyset: bool = True
    counts_all: bool = False

    def page(self, size: int) -> Query:
        """The options of a page of at most ``size`` records, from the first one."""
        return replace(
            self.query,
            orderby=self._order if self.ordered else (),
            top=size if self.sized else None,
            count=self.counted,
        )

    @property
    def _order(self) -> tuple[str, ...]:
        """The key ends every order, so that no two records are equal in it; nothing comes twice in an order."""
        first = {term.partition(" ")[0] for term in self.query.orderby}
        return (*self.query.orderby, *(f"{part.wire} asc" for part in self.key if part.wire not in first))


def page_limit(error: RequestRejectedError) -> int | None:
    """Find the largest ``$top`` that a refusal allows (``The limit of '100' for Top query ...``)."""
    found = _LIMIT.search(error.detail or error.message)
    return int(found[1]) if found else None

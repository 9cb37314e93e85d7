"""Faults of a service that does not do what it is asked, and says nothing.

Here belong options that are passed over or obeyed in part, and page sizes that are not kept. Not here:
options that are refused (``refusals.py``), pages that come out wrong (``pages.py``).
"""

import re
from collections.abc import Callable
from dataclasses import replace

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault

_SILENT_CAP = 50
_FIRST_SIZE, _LATER_SIZE = 100, 37
_NO_LIMIT = 10**9

_HALF = "mod 2 eq 0"
_TIES = re.compile(r"(, )?\w+ mul \d+ mod 97$")
"""What `_shuffle` puts behind an order, and a next link brings back."""


def _ignoring(option: str) -> Fault:
    def act(exchange: Exchange) -> None:
        del exchange.options[option]

    name = {"$filter": "filter", "$orderby": "orderby", "$top": "top", "$skip": "skip"}[option]
    return Fault(
        f"{name}-ignored", f"`{option}` has no effect", "question", act, lambda exchange: option in exchange.options
    )  # fmt: skip


def _capped(cap: Callable[[Exchange], int], *, links: bool) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        paging = exchange.paging
        smaller = min(paging.cap, cap(exchange))
        exchange.paging = replace(paging, cap=smaller, above="split", links=paging.links and links)

    return act


def _lose_half(exchange: Exchange) -> None:
    """Keep of the rows that a filter finds those with an even key."""
    exchange.options["$filter"] = f"({exchange.options['$filter']}) and {exchange.view.key[0]} {_HALF}"


def _asks_for_a_moment(exchange: Exchange) -> bool:
    asked = exchange.options.get("$filter", "")
    stamps = [column.name for column in exchange.view.columns if column.kind == "stamp"]
    return _HALF not in asked and any(re.search(rf"\b{name}\b", asked) for name in stamps)


def _shuffle(exchange: Exchange) -> None:
    """Order what the asked order leaves equal by something that is another thing for each request."""
    asked = _TIES.sub("", exchange.options.get("$orderby", ""))
    ties = f"{exchange.view.key[0]} mul {1 + 31 * exchange.uses % 96} mod 97"
    exchange.options["$orderby"] = f"{asked}, {ties}" if asked else ties


def _all_at_once(exchange: Exchange) -> None:
    exchange.options.pop("$top", None)
    exchange.paging = replace(exchange.paging, cap=_NO_LIMIT, links=False)


FAULTS = (
    *map(_ignoring, ("$filter", "$orderby", "$top", "$skip")),
    Fault(
        "silent-cap", f"no page has more than {_SILENT_CAP} rows, whatever `$top` says, and no link follows",
        "question", _capped(lambda _: _SILENT_CAP, links=False),
    ),
    Fault(
        "page-size-changes", f"the first page of a read has {_FIRST_SIZE} rows at most, the later ones {_LATER_SIZE}",
        "question",
        _capped(lambda exchange: _FIRST_SIZE if exchange.reading.page == 1 else _LATER_SIZE, links=True),
    ),
    Fault("page-unlimited", "all rows in one answer, whatever `$top` says", "question", _all_at_once),
    Fault(
        "order-unstable", "rows that `$orderby` leaves equal come in another order each time", "question", _shuffle,
        lambda exchange: exchange.endpoint.reach != "caller",
    ),
    Fault(
        "filter-loses-rows", "a `$filter` on an instant finds every other row only, without a word", "question",
        _lose_half, _asks_for_a_moment,
    ),
)  # fmt: skip

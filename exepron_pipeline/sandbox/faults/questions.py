"""Faults of a service that does not do what it is asked, and says nothing.

Here belong options that are passed over and page sizes that are not kept. Not here: pages that come out
wrong (``pages.py``).
"""

from collections.abc import Callable
from dataclasses import replace

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault

_SILENT_CAP = 50
_FIRST_SIZE, _LATER_SIZE = 100, 37


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
)  # fmt: skip

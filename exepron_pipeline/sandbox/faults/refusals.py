"""Faults of a service that refuses what others take, or answers in another tongue.

Here belong refusals that depend on how a question is put. Not here: refusals whatever the question is
(``answers.py``), and options that are passed over in silence (``questions.py``).
"""

from collections.abc import Callable

from starlette.responses import Response

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.refusals import BadQuery

_SEAL = "seal=%253Cp%2B1%27%2520x"
"""Part of a next link: signs that are encoded once and twice, and change when a client encodes them anew."""

_TRACE = "System.InvalidOperationException: The LINQ expression could not be translated.\n   at Tasks.Get() in Tasks.cs:line 71"
_FEED = (
    '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title type="text">Rows</title></feed>'
)


def _refusing(words: str) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.response = BadQuery(words).response()

    return act


def _answering(body: str, media_type: str, status: int) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.response = Response(body, status, media_type=media_type)

    return act


def _seal(exchange: Exchange) -> None:
    """Refuse a token without its seal; seal the next one."""
    if "$skiptoken" in exchange.options and _SEAL not in exchange.request.url.query:
        raise BadQuery("The skip token is not valid.")
    if isinstance(exchange.page.next_link, str):
        exchange.page.next_link += f"&{_SEAL}"


FAULTS = (
    Fault(
        "plus-refused", "400 where a `+` stands for a blank in the query", "request",
        _refusing("Expected a whitespace, but '+' found."), lambda exchange: "+" in exchange.request.url.query,
    ),
    Fault(
        "skip-needs-order", "400 for `$skip` without `$orderby`", "request",
        _refusing("$skip is only supported together with $orderby."),
        lambda exchange: "$skip" in exchange.options and "$orderby" not in exchange.options,
    ),
    Fault(
        "filter-fails", "500 with a stack trace for every `$filter`: no retry heals it", "request",
        _answering(_TRACE, "text/plain", 500), lambda exchange: "$filter" in exchange.options,
    ),
    Fault(
        "atom-by-default", "200 with a feed in Atom, unless the request accepts JSON", "request",
        _answering(_FEED, "application/atom+xml", 200),
        lambda exchange: "json" not in exchange.request.headers.get("accept", ""),
    ),
    Fault(
        "link-sealed", "next links hold signs that are encoded twice: 400 unless they come back as they are", "page",
        _seal, lambda exchange: exchange.paging.links,
    ),
)  # fmt: skip

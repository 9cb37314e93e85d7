"""Faults of the pages of a list: links that lead nowhere, counts that are wrong, rows that come twice.

Here belongs what stands in one answer as a whole. Not here: single values (``values.py``), rows that
change in truth (``changes.py``).
"""

from starlette.responses import JSONResponse

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault

_BIG = 10_000_000
_HOST, _OTHER_HOST = "//127.0.0.1:", "//localhost:"


def _has_link(exchange: Exchange) -> bool:
    return isinstance(exchange.page.next_link, str)


def _identical(exchange: Exchange) -> None:
    exchange.page.next_link = str(exchange.request.url)


def _cyclic(exchange: Exchange) -> None:
    exchange.page.next_link = exchange.reading.first_link


def _other_host(exchange: Exchange) -> None:
    exchange.page.next_link = str(exchange.page.next_link).replace(_HOST, _OTHER_HOST, 1)


def _relative(exchange: Exchange) -> None:
    exchange.page.next_link = str(exchange.page.next_link).removeprefix(f"{exchange.base}/")


def _as_object(exchange: Exchange) -> None:
    exchange.page.next_link = {"uri": exchange.page.next_link}


def _past_the_end(exchange: Exchange) -> None:
    exchange.page.next_link = exchange.link(str(10**9))


def _past_a_row(exchange: Exchange) -> None:
    exchange.page.next_link = exchange.link(str(exchange.window.offset + len(exchange.page.rows) + 1))


def _is_last_of_links(exchange: Exchange) -> bool:
    return exchange.paging.links and exchange.page.next_link is None and bool(exchange.page.rows)


def _empty(exchange: Exchange) -> None:
    """The rows of this page come with the next one; the zero keeps the two links apart."""
    exchange.page.rows = []
    exchange.page.next_link = exchange.link(f"0{exchange.window.offset}")


def _repeat(exchange: Exchange) -> None:
    exchange.page.rows = list(exchange.reading.last_rows)


def _repeat_one(exchange: Exchange) -> None:
    exchange.page.rows.insert(0, exchange.reading.last_rows[-1])


def _pad(exchange: Exchange) -> None:
    rows = exchange.page.rows
    pad = "x" * (_BIG // len(rows) + 1)
    exchange.page.rows = [f'{row[:-1]},"attachment":"{pad}"}}' for row in rows]


def _counts(exchange: Exchange) -> bool:
    return exchange.page.count is not None


def _count_one_more(exchange: Exchange) -> None:
    exchange.page.count = (exchange.page.count or 0) + 1


def _forget_count(exchange: Exchange) -> None:
    exchange.page.count = None


def _number_alone(exchange: Exchange) -> None:
    exchange.response = JSONResponse({"value": exchange.page.count})


def _alone(exchange: Exchange) -> None:
    exchange.page.single = True


def _on_page(number: int, exchange: Exchange) -> bool:
    return exchange.reading.page == number and bool(exchange.reading.last_rows) and bool(exchange.page.rows)


FAULTS = (
    Fault("link-identical", "the next link leads to the page that it stands on", "page", _identical, _has_link),
    Fault(
        "link-cyclic", "next links lead back to the second page, from the third one on", "page", _cyclic,
        lambda exchange: _has_link(exchange) and exchange.reading.page >= 3,
    ),
    Fault("link-other-host", "next links name another host", "page", _other_host, _has_link),
    Fault("link-relative", "next links are relative to the service's root", "page", _relative, _has_link),
    Fault("link-object", "next links are objects with a `uri`", "page", _as_object, _has_link),
    Fault("link-past-end", "the last page has a next link, to an empty page", "page", _past_the_end, _is_last_of_links),
    Fault("link-past-row", "next links pass over the first row of the next page", "page", _past_a_row, _has_link),
    Fault("count-too-high", "the count is one more than there are rows", "page", _count_one_more, _counts),
    Fault(
        "count-forgotten", "only the first page of a read tells the count", "page", _forget_count,
        lambda exchange: _counts(exchange) and exchange.reading.page > 1,
    ),
    Fault("count-for-rows", "the count in place of the rows, where one is asked for", "response", _number_alone, _counts),
    Fault(
        "empty-page", "the second page of a read is empty and has a next link, once", "page", _empty,
        lambda exchange: exchange.paging.links and _on_page(2, exchange), when="1",
    ),
    Fault(
        "repeated-page", "the third page of a read brings the rows of the second, once", "page", _repeat,
        lambda exchange: _on_page(3, exchange), when="1",
    ),
    Fault(
        "key-twice", "the last row of the first page stands on the second one too", "page", _repeat_one,
        lambda exchange: _on_page(2, exchange),
    ),
    Fault("big-page", "a page of ten megabytes", "page", _pad, lambda exchange: bool(exchange.page.rows), when="2"),
    Fault(
        "user-as-object", "`GetLoggedinUser` gives one object, as it did until 2020", "page", _alone,
        lambda exchange: exchange.endpoint.reach == "caller",
    ),
)  # fmt: skip

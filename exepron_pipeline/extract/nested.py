"""Records that come within those of another entity set, by ``$expand``: taken out, and read like any page.

Here: one answer. Not here: which places are read so (``catalogue``: ``within``), paging (``path.py``), which goes by the
keys of the outer records.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import pairwise
from typing import Any

from exepron_pipeline.catalogue.model import Within
from exepron_pipeline.errors import ResponseError
from exepron_pipeline.extract.result import Arrival, D, Decode
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.page import Envelope, open_envelope


def unnest(response: Response, within: Within, dialect: Dialect, decode: Decode[D]) -> Arrival[D]:
    """Decode the inner records of an answer; rows, keys and envelope of the arrival are those of the outer ones.

    Args:
        response: A page of outer records.
        within: Where the inner ones are.
        dialect: How the service speaks.
        decode: Turns a list of inner records into a page.

    Raises:
        ResponseError: The answer is no list of records.

    """
    outer, envelope = _opened(response.body, response.headers, dialect)
    page = decode(_text(list(_inner(outer, within))).encode(), {})
    keys = [(row[within.key],) for row in outer if row.get(within.key) is not None]
    return Arrival(
        page=page,
        body=response.body,
        rows=len(outer),
        first_key=keys[0] if keys else None,
        last_key=keys[-1] if keys else None,
        keys_ascending=all(one < other for one, other in pairwise(keys)),
        envelope=envelope,
    )


def inner_list(body: bytes, within: Within, dialect: Dialect) -> bytes:
    """The inner records of a page of outer ones, as a list like `unnest` decodes.

    Raises:
        ResponseError: The page is no list of records.

    """
    outer, _ = _opened(body, {}, dialect)
    return _text(list(_inner(outer, within))).encode()


def _opened(
    body: bytes, headers: Mapping[str, str], dialect: Dialect
) -> tuple[list[Mapping[str, Any]], Envelope]:
    try:
        document = json.loads(body.decode("utf-8-sig"), parse_float=Decimal)
    except (ValueError, RecursionError):
        raise ResponseError("the answer is no JSON.", hint="Check EXEPRON_API_URL.") from None
    rows, envelope = open_envelope(document, headers, dialect)
    return [row for row in rows if isinstance(row, Mapping)], envelope


def _inner(outer: list[Mapping[str, Any]], within: Within) -> Iterator[dict[str, Any]]:
    """The inner records, with what they take over from the outer one; one that comes again is left out."""
    seen = set()
    for row in outer:
        found = row.get(within.name)
        for each in found if isinstance(found, list) else [found]:
            if isinstance(each, Mapping):
                carried = {inner: row.get(field) for inner, field in within.carry.items()}
                record = {**carried, **each}
                text = _text(record)
                if text not in seen:
                    seen.add(text)
                    yield record


def _text(value: Any) -> str:
    """JSON with each number as it was written."""
    match value:
        case dict():
            return "{" + ",".join(f"{json.dumps(name)}:{_text(each)}" for name, each in value.items()) + "}"
        case list():
            return "[" + ",".join(map(_text, value)) + "]"
        case Decimal():
            return str(value)
        case _:
            return json.dumps(value)

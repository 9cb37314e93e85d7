"""Asks one path small questions and gives its records as plain values. Not here: what is concluded from them.

An answer that no standard knows shows by its shape where its records are (``wrapped.py``).
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from exepron_pipeline.errors import (
    RateLimitedError,
    RequestRejectedError,
    ResponseError,
    ServerUnavailableError,
)
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.filter import KeyPart, Operator, compare
from exepron_pipeline.odata.moments import typed
from exepron_pipeline.odata.page import Envelope, Wrapping, open_envelope, wrapping_of
from exepron_pipeline.odata.query import Query
from exepron_pipeline.odata.question import Api
from exepron_pipeline.odata.wrapped import find_link, find_numbers, find_rows

Row = Mapping[str, Any]
Rows = Sequence[Row]


class Looker:
    """Asks one path small questions.

    Args:
        service: Whom to ask.
        path: Below the base, its variables filled in.
        dialect: How the service speaks.

    """

    def __init__(self, service: Api, path: str, dialect: Dialect) -> None:
        self._service, self._path, self.dialect = service, path, dialect
        self.wrapping: Wrapping | None = None
        """How this path wraps its records, where that is no form of OData."""
        self._numbers: list[dict[str, int]] = []

    def ask(self, query: Query) -> tuple[list[Row], Envelope]:
        """The records of one answer, parsed with decimals kept exact.

        Raises:
            ResponseError: The answer is no list of records.
            ExepronError: As the service answers.

        """
        response = self._service.get(query.at(self._path, self.dialect))
        try:
            document = json.loads(response.body.decode("utf-8-sig"), parse_float=Decimal)
        except (ValueError, RecursionError):
            raise ResponseError(
                f"{self._path}: the answer is no JSON.", hint="Check EXEPRON_API_URL."
            ) from None
        self.wrapping = self._learnt(document)
        rows, envelope = open_envelope(document, response.headers, self.dialect, self.wrapping)
        return [row for row in rows if isinstance(row, Mapping)], envelope

    def _learnt(self, document: object) -> Wrapping | None:
        """The own wrapping of this path, by what its answers show."""
        known = self.wrapping
        if not isinstance(document, dict) or (known is None and wrapping_of(document)):
            return known
        rows = known.rows if known else find_rows(document, single=self.dialect.single_object)
        if rows is None:
            return None
        link = find_link(document, rows, self._service.base_url, self._path)
        self._numbers.append(find_numbers(document, rows))
        known = known or Wrapping(rows, (), ())
        return replace(known, links=(link,)) if link and not known.links else known

    def find_count(self, seen: int) -> int | None:
        """See which number beside the records is their count, where the wrapping is an own one: one request.

        It is the same for one record as for many, and not less than the records seen.
        """
        if self.wrapping is None:
            return None
        before = self._numbers[0]
        if self.tried(Query(top=1, count=True)) is None:
            return None
        now = self._numbers[-1]
        same = [place for place, value in before.items() if value >= seen and now.get(place) == value]
        if len(same) != 1:
            return None
        self.wrapping = replace(self.wrapping, counts=(same[0],))
        return before[same[0]]

    def tried(self, query: Query) -> Rows | None:
        """The records of one answer; None when the service refuses the question, or breaks on it again and again."""
        try:
            return self.ask(query)[0]
        except RateLimitedError:
            raise
        except (RequestRejectedError, ResponseError, ServerUnavailableError):
            return None

    def where(self, part: KeyPart, operator: Operator, value: object) -> str:
        """Write a condition on a property, with a value as JSON has it."""
        return compare(part, operator, typed(value, part.type)).text(self.dialect)


def value_at(row: Row, wire: str) -> Any:
    """The value of a property; a dot enters an object; None when there is none."""
    value: Any = row
    for name in wire.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def keys(rows: Rows, parts: Sequence[KeyPart]) -> list[tuple[str, ...]]:
    """The keys of records, as texts: a service may write a number in more than one way, but not within one answer."""
    return [tuple(str(value_at(row, part.wire)) for part in parts) for row in rows]

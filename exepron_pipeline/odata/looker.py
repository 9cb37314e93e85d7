"""Asks one path small questions and gives its records as plain values. Not here: what is concluded from them."""

import json
from collections.abc import Mapping, Sequence
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
from exepron_pipeline.odata.page import Envelope, open_envelope
from exepron_pipeline.odata.query import Query
from exepron_pipeline.odata.question import Api

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
        rows, envelope = open_envelope(document, response.headers, self.dialect)
        return [row for row in rows if isinstance(row, Mapping)], envelope

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

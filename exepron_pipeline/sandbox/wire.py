"""How a value looks in JSON, in each generation.

Here belongs one writer for each kind of value. Not here: which values (``query.py``) and what stands
around the rows (``envelope.py``).

Sources: OData JSON formats. Version 3 knows no date and writes decimals as text; version 4 writes an
instant with its offset. Between them stands .NET's own JSON, which writes a ``DateTime`` from a database
without any offset.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo

from exepron_pipeline.sandbox.schema import Kind
from exepron_pipeline.sandbox.views import Writer

quoted = json.JSONEncoder(ensure_ascii=False).encode
"""A text as JSON."""

Writers = Mapping[Kind, Writer]

_COMMON: Writers = {
    "int": str,
    "decimal": str,
    "float": repr,
    "bool": lambda flag: "true" if flag else "false",
    "text": quoted,
    "date": '"{}"'.format,
    "list": str,
}


def moment_of(text: str) -> datetime:
    """The instant that a stored stamp means."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _trimmed(text: str) -> str:
    """Without the zeros that end a fraction, as .NET writes them."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def _naive(zone: tzinfo | None) -> Writer:
    if zone is None:
        return lambda text: f'"{_trimmed(text)}"'
    return lambda text: f'"{_trimmed(_local(text, zone)[:-6])}"'


def _with_offset(zone: tzinfo | None) -> Writer:
    if zone is None:
        return lambda text: f'"{_trimmed(text)}Z"'

    def write(text: str) -> str:
        local = _local(text, zone)
        return f'"{_trimmed(local[:-6])}{local[-6:]}"'

    return write


def _local(text: str, zone: tzinfo) -> str:
    """ISO 8601 with an offset of six characters; digits beyond microseconds stay as they are."""
    moment = moment_of(text[:26]).astimezone(zone)
    whole = moment.isoformat(timespec="seconds")
    return f"{whole[:-6]}{text[19:]}{whole[-6:]}"


def version3(zone: tzinfo | None) -> Writers:
    """OData 3, JSON light."""
    return {**_COMMON, "stamp": _naive(zone), "decimal": '"{}"'.format, "date": '"{}T00:00:00"'.format}


def dotnet(zone: tzinfo | None) -> Writers:
    """.NET's own JSON, as the vendor's sample clients read it."""
    return {**_COMMON, "stamp": _naive(zone)}


def version4(zone: tzinfo | None) -> Writers:
    """OData 4."""
    return {**_COMMON, "stamp": _with_offset(zone)}


Forms = Callable[[tzinfo | None], Writers]
"""The writers of a generation, for stamps in UTC (``None``) or in an account's own zone."""

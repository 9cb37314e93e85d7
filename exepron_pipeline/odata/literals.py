"""A Python value as OData literal text for ``$filter``. Not here: percent-encoding (``query.py``).

Forms: OData 4.01 URL conventions, section 5.1.1.15, and OData 2.0 "Abstract Type System", as data in
``dialect.py``. The form has to follow the type of the property: a service may accept a wrong form and
silently compare something else.
"""

import base64
import math
from datetime import UTC, date, datetime, time
from decimal import Decimal

from exepron_pipeline.odata.dialect import Dialect


def literal(value: object, type_: str, dialect: Dialect) -> str:
    """Write a value as a literal.

    Args:
        value: A Python value, or None for ``null``; a timestamp needs its zone.
        type_: A type of the catalogue, or ``guid``: ``int``, ``text``, ``timestamp``, ``decimal(10,2)`` ...
        dialect: Whose forms to use.

    Raises:
        ValueError: A timestamp without zone: its instant is not known.

    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return stamp_literal(value, dialect.stamps[0])
    if isinstance(value, bytes):
        return dialect.binary.format(value=base64.urlsafe_b64encode(value).decode("ascii"))
    if isinstance(value, int | float | Decimal):
        return _number(value, type_, dialect)
    template = {"date": dialect.date, "time": dialect.time, "guid": dialect.guid}.get(_named(value, type_))
    return template.format(value=value) if template else quoted(str(value))


def stamp_literal(value: datetime, form: str) -> str:
    """Write an instant in one of the forms of `Dialect.stamps`; ValueError when it has no zone."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no zone: its instant is not known")
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return form.format(utc=text.rstrip("0") if "." in text else text)


def quoted(text: str) -> str:
    """Write text in single quotes, inner ones doubled."""
    return "'" + text.replace("'", "''") + "'"


def _named(value: object, type_: str) -> str:
    """Name the form of a value: dates and times say it themselves, text goes by the declared type."""
    if isinstance(value, date):
        return "date"
    return "time" if isinstance(value, time) else type_


def _number(value: float | Decimal, type_: str, dialect: Dialect) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else ("INF" if value > 0 else "-INF")
    text = format(value, "f") if isinstance(value, Decimal) else repr(value)
    return dialect.decimal.format(value=text) if type_.startswith("decimal") else text

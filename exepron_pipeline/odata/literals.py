"""A Python value as OData literal text for ``$filter``. Not here: percent-encoding (``query.py``).

The form follows the type of the property, as ``$metadata`` names it, wherever that is known: a service
may accept a wrong form and silently compare something else. The forms are data in ``dialect.py``.
"""

import base64
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

from exepron_pipeline.odata.dialect import Dialect

_KINDS = {
    "Edm.DateTimeOffset": "timestamp",
    "Edm.DateTime": "wall time",
    "Edm.Date": "date",
    "Edm.TimeOfDay": "time",
    "Edm.Time": "time",
    "Edm.Duration": "duration",
    "Edm.Guid": "guid",
    "Edm.Binary": "binary",
    "Edm.Decimal": "decimal",
    "Edm.Int64": "long",
    "Edm.Single": "single",
    "Edm.String": "text",
}
"""What a property's type asks for; of the types that are not listed the value itself tells."""

_KIND_OF: tuple[tuple[type, str], ...] = (
    (datetime, "timestamp"),
    (date, "date"),
    (time, "time"),
    (timedelta, "duration"),
    (bytes, "binary"),
    (UUID, "guid"),
    (str, "text"),
    (Decimal, "decimal"),
    (int, "int"),
    (float, "float"),
)


def literal(value: object, type_: str, dialect: Dialect) -> str:
    """Write a value as a literal.

    Args:
        value: A Python value, or None for ``null``; a timestamp needs its zone.
        type_: A type of the catalogue (``int``, ``decimal(10,2)``, ...), ``guid``, or better the
            property's type in ``$metadata``, such as ``Edm.DateTime`` or ``Sales.Colour``.
        dialect: Whose forms to use.

    Raises:
        ValueError: A timestamp without zone: its instant is not known.

    """
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    kind = _kind(value, type_)
    if kind in {"timestamp", "wall time"} and isinstance(value, date):
        return stamp_literal(_instant(value), stamp_forms(type_, dialect)[0])
    if kind in {"timestamp", "wall time"} and isinstance(value, str):  # a key that is kept as text
        return stamp_forms(type_, dialect)[0].format(utc=value.removesuffix("Z"))
    if kind == "text":
        return quoted(str(value))
    if isinstance(value, bytes):
        encoded = base64.urlsafe_b64encode(value).decode("ascii")
        return dialect.literals["binary"].format(base64url=encoded, hex=value.hex())
    form = dialect.literals.get(kind, "{value}")
    return form.format(value=_plain(value), type=type_)


def stamp_forms(type_: str, dialect: Dialect) -> tuple[str, ...]:
    """Forms of an instant to compare a property with: the right one alone when its type is known.

    Args:
        type_: As `literal` takes it.
        dialect: Whose forms to use.

    """
    kind = _KINDS.get(type_)
    return (dialect.literals[kind],) if kind in {"timestamp", "wall time"} else dialect.stamps


def stamp_literal(value: datetime, form: str) -> str:
    """Write an instant in one of the forms of `stamp_forms`; ValueError when it has no zone."""
    if value.tzinfo is None:
        raise ValueError(f"{value!r} has no zone: its instant is not known")
    text = value.astimezone(UTC).replace(tzinfo=None).isoformat()
    return form.format(utc=text.rstrip("0") if "." in text else text)


def quoted(text: str) -> str:
    """Write text in single quotes, inner ones doubled."""
    return "'" + text.replace("'", "''") + "'"


def duration_text(value: timedelta) -> str:
    """Write a span as ISO 8601 does, in days and seconds: ``-P1DT28800.5S``."""
    sign, span = ("-", -value) if value < timedelta(0) else ("", value)
    seconds = span.seconds + Decimal(span.microseconds).scaleb(-6)
    return f"{sign}P{span.days}DT{_plain(seconds.normalize())}S"


def _kind(value: object, type_: str) -> str:
    base = type_.partition("(")[0]
    known = _KINDS.get(base) or (base if base in {"guid", "decimal"} else None)
    if known or base.startswith("Edm."):
        return known or _kind(value, "")
    if "." in base:
        return "enum"
    return next((kind for class_, kind in _KIND_OF if isinstance(value, class_)), "text")


def _instant(day: date) -> datetime:
    return day if isinstance(day, datetime) else datetime.combine(day, time.min, UTC)


def _plain(value: object) -> object:
    """Bring a value into the shape that forms take: times and dates stay what they are."""
    match value:
        case datetime():
            return value.date()
        case timedelta():
            return duration_text(value)
        case Decimal():
            return format(value, "f")
        case float():
            return _float_text(value)
        case _:
            return value


def _float_text(value: float) -> str:
    if math.isfinite(value):
        return repr(value)
    return "NaN" if math.isnan(value) else ("INF" if value > 0 else "-INF")

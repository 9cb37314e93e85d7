"""Whether a stamp can say what has changed, found by real filters. Here: one property of one path.

A cursor is good when the service filters by it, and when it is filled in every record: one without a value would
never be read again. Not here: which properties are worth a try.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from exepron_pipeline.odata.capabilities import Capabilities
from exepron_pipeline.odata.filter import KeyPart, Operator, property_path
from exepron_pipeline.odata.literals import literal, stamp_forms, stamp_literal
from exepron_pipeline.odata.looker import Looker, Rows, value_at
from exepron_pipeline.odata.moments import as_day, moment
from exepron_pipeline.odata.query import Query

_DAY = timedelta(days=1)
_AHEAD = timedelta(days=2)
"""A stamp that is later than this from now is no record of a change: it would stop every later read."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class CursorVerdict:
    """What came of a property as a cursor: the form of its literals that works, or why it is none."""

    wire: str
    form: str | None = None
    problem: str = ""

    @property
    def works(self) -> bool:
        """True when conditions on it have been seen to work."""
        return not self.problem


def verify_cursor(
    looker: Looker,
    part: KeyPart,
    rows: Rows,
    known: Capabilities,
    *,
    now: Callable[[], datetime] = _now,
) -> CursorVerdict:
    """See whether a property can be a cursor: two to seven small requests.

    Args:
        looker: Asks the path.
        part: The property and its type.
        rows: Some records of the path.
        known: What the path does with options.
        now: Tells the time; aware.

    """
    form = _at_once(looker, part, rows, known, now() + _AHEAD)
    if form:
        return CursorVerdict(part.wire, form)
    stamps = [
        stamp for row in [*rows, *_newest(looker, part, known)] if (stamp := moment(value_at(row, part.wire)))
    ]
    if not stamps:
        return CursorVerdict(part.wire, problem="shows no value")
    if max(stamps) > now() + _AHEAD:
        return CursorVerdict(
            part.wire, problem=f"is {max(stamps):%Y-%m-%d} in some record, which is yet to come"
        )
    if any(value_at(row, part.wire) is None for row in rows) or _is_ever_empty(looker, part, known):
        return CursorVerdict(part.wire, problem="is empty in some records, which would never be read again")
    is_day = part.type in {"date", "Edm.Date"}
    forms: tuple[str | None, ...] = (None,) if is_day else stamp_forms(part.type, looker.dialect)
    for form in forms:
        if _filters(looker, part, stamps, known, form):
            return CursorVerdict(part.wire, form)
    return CursorVerdict(part.wire, problem="is in no filter that has the effect it should have")


def _at_once(looker: Looker, part: KeyPart, rows: Rows, known: Capabilities, latest: datetime) -> str | None:
    """The form of literals with which two questions show all: a newest record, and none behind it or without a stamp.

    None where they do not, whatever the reason: then each is asked by itself.
    """
    stamps = [moment(value_at(row, part.wire)) for row in rows]
    seen = [stamp for stamp in stamps if stamp]
    forms = [] if part.type in {"date", "Edm.Date"} else stamp_forms(part.type, looker.dialect)[:1]
    if not forms or not known.orderby or not known.filter or not seen or len(seen) < len(stamps):
        return None
    path = property_path(part.wire)
    condition = f"{path} ge {stamp_literal(min(seen) - _DAY, forms[0])}"
    newest = looker.tried(replace(_few(known), orderby=(f"{part.wire} desc",), filter=condition)) or ()
    last = max([*seen, *(stamp for row in newest[:1] if (stamp := moment(value_at(row, part.wire))))])
    if not newest or last > latest:
        return None
    rest = f"{path} ge {stamp_literal(last + _DAY, forms[0])} or {path} eq null"
    found = looker.tried(replace(_few(known), filter=rest))
    return forms[0] if found is not None and not found else None


def _newest(looker: Looker, part: KeyPart, known: Capabilities) -> Rows:
    """The record with the latest stamp, where the service can say."""
    if not known.orderby:
        return ()
    return (looker.tried(replace(_few(known), orderby=(f"{part.wire} desc",))) or ())[:1]


def _is_ever_empty(looker: Looker, part: KeyPart, known: Capabilities) -> bool:
    found = looker.tried(replace(_few(known), filter=f"{property_path(part.wire)} eq null"))
    return any(value_at(row, part.wire) is None for row in found or ())


def _filters(
    looker: Looker, part: KeyPart, stamps: list[datetime], known: Capabilities, form: str | None
) -> bool:
    """See that all records come from before the first one on, and none from after the last one on."""

    def since(bound: datetime, operator: Operator) -> Rows | None:
        text = (
            literal(as_day(bound), part.type, looker.dialect) if form is None else stamp_literal(bound, form)
        )
        return looker.tried(replace(_few(known), filter=f"{property_path(part.wire)} {operator} {text}"))

    after, before = since(max(stamps) + _DAY, "ge"), since(min(stamps) - _DAY, "ge")
    return after is not None and not after and bool(before)


def _few(known: Capabilities) -> Query:
    return Query(top=1 if known.top else None)

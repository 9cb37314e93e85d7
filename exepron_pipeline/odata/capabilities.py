"""Which query options have an effect at one path, seen with the service's own records. Here: small questions.

An option counts as supported only when its effect is seen: services ignore options with 200. What could not be seen,
for want of records, is None: neither supported nor refused. Not here: which paths there are, what follows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.odata.filter import KeyPart
from exepron_pipeline.odata.looker import Looker, Row, Rows, keys, value_at
from exepron_pipeline.odata.page import Envelope
from exepron_pipeline.odata.query import Query
from exepron_pipeline.odata.question import page_limit

SAMPLE = 50
"""Records of a first look."""
LARGE = 5_000
"""Records that one question asks for, by their keys alone, to see how many the service gives at once."""


@dataclass(frozen=True)
class Capabilities:
    """What a path does with each option: True for a seen effect, False for none or a refusal, None for not seen.

    ``page`` is the number of records that the service gives at once when more are asked for, None when it gave as
    many as were asked for; ``records`` the number of all records, where the service tells.
    """

    top: bool | None = None
    skip: bool | None = None
    orderby: bool | None = None
    filter: bool | None = None
    select: bool | None = None
    count: bool | None = None
    page: int | None = None
    records: int | None = None


@dataclass(frozen=True)
class Look:
    """One path, looked at: its options, and some of its records."""

    capabilities: Capabilities
    rows: tuple[Row, ...] = field(default=(), repr=False)


def sample(looker: Looker, size: int = SAMPLE) -> Look:
    """Ask for some records, and see what the very first answers tell: one to five requests.

    Args:
        looker: Asks the path.
        size: How many are asked for; more show more of what values there are.

    Raises:
        ExepronError: Even the bare path is refused.

    """
    rows, known = _first(looker, size)
    return Look(known, tuple(rows))


def look(looker: Looker, key: Sequence[KeyPart], seen: Look | None = None) -> Look:
    """Look at every option: three to nine requests where there are records, two where there are none.

    Args:
        looker: Asks the path.
        key: The key of its records.
        seen: What `sample` gave, when it has been asked.

    Raises:
        ExepronError: Even the bare path is refused.

    """
    seen = seen or sample(looker)
    rows, known = list(seen.rows), seen.capabilities
    if looker.wrapping and rows:
        count = looker.find_count(len(rows))
        known = replace(known, count=count is not None, records=count)
    parts = [part for part in key if all(value_at(row, part.wire) is not None for row in rows)]
    if _work_together(looker, rows, parts, known):
        known = replace(known, top=True, skip=True, orderby=True, filter=True, select=True)
        return _looked(looker, known, rows, parts)
    if len(rows) > 1:
        top = known.top is not False and len(looker.tried(Query(top=1)) or ()) == 1
        known = _ordered(looker, replace(known, top=top), rows, parts)
    if rows:
        known = replace(known, select=_select(looker, rows, parts, known))
    return _looked(looker, known, rows, parts)


def _looked(looker: Looker, known: Capabilities, rows: Rows, parts: Sequence[KeyPart]) -> Look:
    page = known.page or _page(looker, known, rows, parts)
    return Look(replace(known, page=page), tuple(rows))


def _work_together(looker: Looker, rows: Rows, parts: Sequence[KeyPart], known: Capabilities) -> bool:
    """See all options work in two questions, whose answers none but the right ones of each can give.

    The two records with the lowest keys come by order, limit and selection. The lower of them is the second one of
    those up to the other, counted downward: without the condition, the order or the skip it would be another one.
    """
    if len(parts) != 1 or len(rows) < 3 or known.top is False or parts[0].type == "Edm.Guid":  # noqa: PLR2004 # more records than the pair
        return False
    wire = parts[0].wire
    if all(row.keys() <= {wire} for row in rows):
        return False
    pair = Query(top=2, orderby=(f"{wire} asc",), select=(wire,))
    up = looker.tried(pair) or ()
    low, *others = keys(up, parts) or [()]
    if len(others) != 1 or low == others[0] or any(_names(row) - {wire.partition(".")[0]} for row in up):
        return False
    try:
        condition = looker.where(parts[0], "le", value_at(up[1], wire))
    except (KeyError, ValueError):  # a type without literals
        return False
    downward = replace(pair, top=1, skip=1, orderby=_downward(parts), filter=condition)
    return keys(looker.tried(downward) or (), parts) == [low]


def _names(row: Row) -> set[str]:
    """The properties of a record, without annotations."""
    return {name for name in row if "@" not in name and not name.startswith("__")}


def _first(looker: Looker, size: int) -> tuple[list[Row], Capabilities]:
    """Some records, and what the very first answers tell: the count, a small limit of the page."""
    best = Query(top=size, count=True)
    for query in (best, replace(best, count=False), replace(best, top=None)):
        try:
            return _judged(looker, query, *looker.ask(query))
        except RequestRejectedError as error:
            limit = page_limit(error)
        if limit and limit < size:
            rows, known = _judged(looker, query, *looker.ask(replace(query, top=limit)))
            return rows, replace(known, page=limit)
    bare = Query()
    rows, known = _judged(looker, bare, *looker.ask(bare))
    return rows, replace(known, top=False if rows else None)


def _judged(
    looker: Looker, query: Query, rows: list[Row], envelope: Envelope
) -> tuple[list[Row], Capabilities]:
    count = envelope.count if envelope.count is not None and envelope.count >= len(rows) else None
    is_cut = 0 < len(rows) < (query.top or SAMPLE) and (bool(envelope.next_link) or (count or 0) > len(rows))
    ignored = query.top is not None and len(rows) > query.top
    known = Capabilities(
        top=False if ignored or query.top is None else None,
        count=(query.count and count is not None) if looker.dialect.count_option else None,
        records=count,
        page=len(rows) if is_cut else None,
    )
    return rows, known


def _ordered(looker: Looker, known: Capabilities, rows: Rows, parts: Sequence[KeyPart]) -> Capabilities:
    """Look at the options that move records, by the keys that then come first."""
    if not parts:
        return known
    pair = Query(top=2 if known.top else None)
    upward = replace(pair, orderby=tuple(f"{part.wire} asc" for part in parts))
    up, down = (looker.tried(replace(upward, orderby=order)) for order in (upward.orderby, _downward(parts)))
    orders = bool(up and down) and keys(up or (), parts)[:1] != keys(down or (), parts)[:1]
    if not orders:
        upward, up = pair, looker.tried(pair) or rows
    found = keys(up or (), parts)
    known = replace(known, orderby=orders)
    if len(found) < 2:  # noqa: PLR2004 # a pair, which pages of one record never show
        return known
    first, second = found[:2]
    moved = keys(looker.tried(replace(upward, skip=1)) or (), parts)
    condition = _behind(looker, parts, (up or rows)[:2])
    narrowed = keys(looker.tried(replace(upward, filter=condition)) or (), parts) if condition else []
    filters = second in narrowed and first not in narrowed if condition else None
    return replace(known, skip=moved[:1] == [second], filter=filters)


def _behind(looker: Looker, parts: Sequence[KeyPart], pair: Rows) -> str | None:
    """A condition that the second record of a pair meets, and the first one does not; None: none can be written."""
    try:
        if len(parts) == 1 and parts[0].type != "Edm.Guid":  # GUIDs have no order that all servers agree on
            return looker.where(parts[0], "gt", value_at(pair[0], parts[0].wire))
        return " and ".join(looker.where(part, "eq", value_at(pair[1], part.wire)) for part in parts)
    except (KeyError, ValueError):  # a type without literals, such as a stream
        return None


def _select(looker: Looker, rows: Rows, parts: Sequence[KeyPart], known: Capabilities) -> bool | None:
    names = {name for row in rows for name in _names(row)}
    wanted = tuple(part.wire for part in parts) or tuple(sorted(names))[:1]
    others = names - {wire.partition(".")[0] for wire in wanted}
    found = looker.tried(Query(select=wanted, top=1 if known.top else None)) if others else None
    return None if not others else bool(found) and all(others.isdisjoint(row) for row in found or ())


def _page(looker: Looker, known: Capabilities, rows: Rows, parts: Sequence[KeyPart]) -> int | None:
    """Ask for very many records where there are more than were seen."""
    if known.records is None or known.records <= max(len(rows), SAMPLE) or not known.top:
        return None
    wires = tuple(part.wire for part in parts) if known.select else ()
    try:
        found, _ = looker.ask(Query(select=wires, top=LARGE))
    except RequestRejectedError as error:
        return page_limit(error)
    return len(found) if len(found) < min(known.records, LARGE) else None


def _downward(parts: Sequence[KeyPart]) -> tuple[str, ...]:
    return tuple(f"{part.wire} desc" for part in parts)

"""Where a service's own description and the catalogue in use have come apart. Pure comparison, in sentences.

Here: what is gone, new, or of another type. Not here: asking for the description, and who is told. What the catalogue
merely proposes may be missing: that is no drift.
"""

import re
from collections.abc import Iterable, Iterator

from exepron_pipeline.catalogue import Catalogue, Column, EntitySet
from exepron_pipeline.discover.columns import type_of
from exepron_pipeline.discover.known import find_known, unknown_fields
from exepron_pipeline.odata.metadata.description import COMPLEX, DescribedSet, Description, Property

_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
SHOWN = 5
"""Names in one sentence; the rest is counted."""


def differences(description: Description, catalogue: Catalogue, generation: str) -> list[str]:
    """Say what is different: a sentence for each set and kind of difference; nothing when they agree."""
    found: list[str] = []
    matched: set[str] = set()
    for described in description.sets:
        known = list(find_known(described, catalogue, generation))
        for entity_set in known:
            found += _of_set(entity_set, described, generation) if entity_set.name not in matched else ()
            matched.add(entity_set.name)
        if not known and described.path and not described.problem:
            found.append(f"{described.name} is offered, and not in the catalogue")
    return [*found, *_gone(catalogue, matched, generation)]


def _gone(catalogue: Catalogue, matched: set[str], generation: str) -> Iterator[str]:
    for entity_set in catalogue.offered:
        sources = entity_set.sources_for(generation)
        if entity_set.name not in matched and any(not source.is_inferred for source in sources):
            yield f"{entity_set.name} is in the catalogue, and not described any more"


def _of_set(entity_set: EntitySet, described: DescribedSet, generation: str) -> Iterator[str]:
    fields = {each.name: each for each in described.properties}
    sure = [column for column in entity_set.columns if column.source != "inferred"]
    wires = {column.name: column.wire_in(generation) for column in sure}
    gone = [column.name for column in sure if (wire := wires[column.name]) and not _at(fields, wire)]
    if gone:
        yield f"{entity_set.name}: {_names(gone)} gone"
    new = [each.name for each in unknown_fields(entity_set, generation, described.properties)]
    if new:
        yield f"{entity_set.name}: {_names(new)} new"
    for column in sure:
        wire = wires[column.name]
        now = _at(fields, wire) if wire else None
        if now and _is_other(column, now):
            yield f"{entity_set.name}.{column.name} was {_said(column)}, and is {now.written} ({type_of(now)})"


def _at(fields: dict[str, Property], wire: str) -> Property | None:
    """The property at a wire name; a dot enters an object."""
    first, _, rest = wire.partition(".")
    here = fields.get(first)
    if not here or not rest or here.type != COMPLEX:
        return here
    return _at({each.name: each for each in here.fields}, rest)


def _is_other(column: Column, now: Property) -> bool:
    """True when a column that a metadata document described is something else there by now, or no longer fits."""
    if column.edm is None or not now.written or now.type == COMPLEX:
        return False
    return column.edm != now.written or not _fits(column.type, type_of(now) if now.scale is not None else "")


def _fits(ours: str, theirs: str) -> bool:
    """False for a decimal of more digits than the column has, before or behind the point."""
    mine, other = (_DECIMAL.fullmatch(each) for each in (ours, theirs))
    if not mine or not other:
        return True
    (digits, scale), (others, behind) = (map(int, each.groups()) for each in (mine, other))
    return behind <= scale and others - behind <= digits - scale


def _said(column: Column) -> str:
    return f"{column.edm} ({column.type})"


def _names(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - SHOWN} more" if len(listed) > SHOWN else ""
    verb = "are" if len(listed) > 1 else "is"
    return f"{', '.join(listed[:SHOWN])}{more} {verb}"

"""Described sets that the catalogue knows already: found by their paths, completed rather than described anew.

Here: matching, and what a service has that the catalogue does not say. Not here: what of it is told (``drift.py``)
or written (``discovery.py``). The catalogue's names stay, as tables, marts and people use them.
"""

import re
from collections.abc import Iterable, Iterator

from exepron_pipeline.catalogue import Catalogue, EntitySet
from exepron_pipeline.discover.columns import Plain
from exepron_pipeline.discover.entries import Finding
from exepron_pipeline.discover.names import unique
from exepron_pipeline.odata.metadata.description import DescribedSet, Property

_STANDS_FOR_ALL = {"0", "-1"}
"""Segments of the catalogue's paths that stand where a document has a variable."""


def find_known(described: DescribedSet, catalogue: Catalogue, generation: str) -> Iterator[EntitySet]:
    """Find the catalogue's sets that are read at a described path, by their key; the one of the same name first."""
    sets = sorted(catalogue.entity_sets.values(), key=lambda each: each.name != described.name)
    fields = {each.name for each in described.properties}
    return (
        each
        for each in sets
        if path_of(described, each, generation) is not None
        and (not fields or fields.issuperset(_key_fields(each, generation)))
    )


def path_of(described: DescribedSet, entity_set: EntitySet, generation: str) -> str | None:
    """The catalogue's own path of a described one; None when it has another one."""
    paths = [source.path for source in entity_set.sources_for(generation) if source.within is None]
    return next((path for path in paths if _same(described.path, path)), None)


def _key_fields(entity_set: EntitySet, generation: str) -> Iterator[str]:
    """Fields of a record that hold the key, by their outermost names."""
    wires = (entity_set.column(name).wire_in(generation) for name in entity_set.key)
    return (wire.partition(".")[0] for wire in wires if wire)


def adopted(finding: Finding, catalogue: Catalogue, generation: str) -> EntitySet | None:
    """The catalogue's set that records found elsewhere are of, where no source shows its path: by key and columns.

    Exepron's field names are known better than its paths: a list whose records have a set's key and most of its
    other fields is that set, if it is no other's too.
    """
    fields = {wire.partition(".")[0] for wire in finding.laid_out.names}
    if finding.problem or not finding.laid_out.names:
        return None
    fitting = [
        entity_set
        for entity_set in catalogue.entity_sets.values()
        if all(source.is_inferred for source in entity_set.sources_for(generation))
        and set(finding.described.key) >= set(_key_fields(entity_set, generation))
        and 2 * len(fields & (wires := set(wires_of(entity_set, generation)))) > len(wires)
    ]
    return fitting[0] if len(fitting) == 1 else None


def as_described(entity_set: EntitySet, generation: str) -> list[DescribedSet]:
    """The catalogue's set as if it were described, place by place, without properties: records will tell them."""
    wires = [entity_set.column(name).wire_in(generation) for name in entity_set.key]
    key = tuple(wire for wire in wires if wire)
    places = [source.path for source in entity_set.sources_for(generation) if source.within is None]
    return [DescribedSet(entity_set.name, path, key) for path in places]


def unknown_fields(entity_set: EntitySet, generation: str, properties: Iterable[Property]) -> list[Property]:
    """Properties that are no column, child or navigation of a set; an object of which a part is known is not one."""
    known = set(wires_of(entity_set, generation))
    return [each for each in properties if each.name not in known]


def wires_of(entity_set: EntitySet, generation: str) -> Iterator[str]:
    """The fields of a record that the catalogue speaks of, by their outermost names."""
    for column in entity_set.columns:
        wire = column.wire_in(generation)
        if wire:
            yield wire.partition(".")[0]
    yield from entity_set.navigation
    yield from (child.wire_field for child in entity_set.children)


def completion(entity_set: EntitySet, generation: str, finding: Finding) -> Plain:
    """What is to be added to a set of the catalogue: its verified cursor, and fields that are no columns yet."""
    entry: Plain = {}
    if entity_set.cursor and finding.cursor:
        entry["cursor"] = entity_set.cursor if finding.cursor.works else None
        if not finding.cursor.works:
            entry["note"] = f"{finding.cursor.wire} {finding.cursor.problem}."
    known_envelope = entity_set.envelope.model_dump(exclude_none=True) if entity_set.envelope else None
    if finding.envelope and finding.envelope != known_envelope:
        entry["envelope"] = finding.envelope
    known = set(wires_of(entity_set, generation))
    taken = {column.name for column in entity_set.columns}
    columns: dict[str, Plain] = {}
    for wire, name in finding.laid_out.names.items():
        if wire.partition(".")[0] not in known:
            ours = unique(name, taken)
            taken.add(ours)
            facts = {**finding.laid_out.columns[name], "wire": {"any": None, generation: wire}}
            columns[ours] = facts  # of this generation: elsewhere the field may be another column's
    children = {
        name: child
        for name, child in finding.laid_out.children.items()
        if child.get("wire", name) not in known
    }
    lists = {
        name: child
        for name, child in children.items()
        if name not in {each.name for each in entity_set.children}
    }
    return entry | ({"columns": columns} if columns else {}) | ({"children": lists} if lists else {})


def _same(described: str, ours: str) -> bool:
    one, other = described.split("/"), ours.split("/")
    return len(one) == len(other) and all(map(_same_segment, one, other))


def _same_segment(described: str, ours: str) -> bool:
    if re.fullmatch(r"\{.*\}", described):
        return bool(re.fullmatch(r"\{.*\}", ours)) or ours in _STANDS_FOR_ALL
    return described == ours

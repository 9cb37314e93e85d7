"""What the pieces of a CSDL document mean together: inheritance, complex types, definitions, references.

Here: from `Schema` to `Description`. Not here: reading a document. What cannot be resolved is reported for the set it
belongs to, and the others go on.
"""

from dataclasses import replace

from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, DescribedSet, Description, Property
from exepron_pipeline.odata.metadata.schema import (
    Schema,
    WrittenNavigation,
    WrittenProperty,
    WrittenSet,
    WrittenType,
)

MOST_FIELDS = 4_000
"""Properties of one set, nested ones included: types that hold each other would go on without end."""
DEEPEST = 8

_PRIMITIVE = {
    "Binary", "Boolean", "Byte", "Date", "DateTime", "DateTimeOffset", "Decimal", "Double", "Duration", "Guid",
    "Int16", "Int32", "Int64", "SByte", "Single", "String", "Time", "TimeOfDay",
}  # fmt: skip
_STREAM = "Edm.Stream"


def resolve(schema: Schema, origin: str, dialect: str) -> Description:
    """Describe every set of a document."""
    sets: list[DescribedSet] = []
    for written in schema.sets:
        found = _Reading(schema).set_of(written)
        sets += [found, *_contained(schema, written)]
    problems = tuple(f"{name} is a call, not a list of records: it is not read." for name in schema.calls)
    return Description(origin, tuple(sets), dialect, problems)


def _contained(schema: Schema, owner: WrittenSet) -> list[DescribedSet]:
    """Sets that exist only inside another set's records."""
    problem = f"is contained in {owner.name}: the service lists it for one record at a time"
    return [
        DescribedSet(f"{owner.name}/{each.name}", "", problem=problem)
        for _, type_ in schema.lineage(owner.type)
        for each in type_.navigation
        if each.contained
    ]


class _Reading:
    """Resolves the types of one set; counts their properties."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._left = MOST_FIELDS

    def set_of(self, written: WrittenSet) -> DescribedSet:
        line = self._schema.lineage(written.type)
        types = [*line, *self._schema.derived(written.type)]
        key = next((type_.key for _, type_ in reversed(line) if type_.key), ())
        properties = self._fields(types, own=len(line), above=())
        known = {name for each in properties for name in _paths(each)}
        navigation = [each for _, type_ in types for each in type_.navigation]
        streams = [each.name for _, type_ in types for each in type_.properties if each.type == _STREAM]
        return DescribedSet(
            name=written.name,
            path=written.path,
            key=tuple(part for part in key if part in known),
            properties=tuple(_required(each, key) for each in properties),
            navigation=tuple(dict.fromkeys([*(each.name for each in navigation), *streams])),
            references=self._references(written, navigation),
            single=written.single,
            description=written.description
            or (line[-1][1].description or self._schema.note(line[-1][0]) if line else ""),
            problem=_problem(written, line, key, known),
        )

    def _fields(
        self, types: list[tuple[str, WrittenType]], own: int, above: tuple[str, ...]
    ) -> list[Property]:
        """Properties of types; those after the first ``own`` ones are derived: their fields may be absent."""
        found: dict[str, Property] = {}
        for place, (name, type_) in enumerate(types):
            for written in type_.properties:
                if written.type != _STREAM and written.name and written.name not in found:
                    each = self._property(written, above)
                    noted = each.description or self._schema.note(f"{name}/{written.name}")
                    nullable = each.nullable or place >= own
                    found[written.name] = replace(each, description=noted, nullable=nullable)
        return list(found.values())

    def _property(self, written: WrittenProperty, above: tuple[str, ...]) -> Property:
        self._left -= 1
        plain = Property(
            name=written.name,
            type=OPAQUE,
            written=self._schema.qualify(written.type),
            precision=written.precision,
            scale=written.scale,
            many=written.many,
            nullable=written.nullable,
            description=written.description,
            semantics=written.semantics,
        )
        prefix, _, local = written.type.rpartition(".")
        if prefix == "Edm":
            type_ = "Date" if written.is_day and local == "DateTime" else local
            return replace(plain, type=type_) if type_ in _PRIMITIVE else plain
        return self._of_type(plain, self._schema.qualify(written.type), above)

    def _of_type(self, plain: Property, name: str, above: tuple[str, ...]) -> Property:
        type_ = self._schema.type(name)
        if type_ is None or name in above or len(above) >= DEEPEST or self._left <= 0:
            return plain
        if type_.kind == "enum":
            return replace(plain, type="String")
        if type_.underlying:
            inner = self._property(replace(type_.underlying, name=plain.name), (*above, name))
            facets = {
                facet: getattr(plain, facet)
                for facet in ("precision", "scale")
                if getattr(plain, facet) is not None
            }
            return replace(
                inner, many=plain.many, nullable=plain.nullable, description=plain.description, **facets
            )
        line = self._schema.lineage(name)
        fields = self._fields([*line, *self._schema.derived(name)], len(line), (*above, name))
        return replace(plain, type=COMPLEX, fields=tuple(fields))

    def _references(
        self, written: WrittenSet, navigation: list[WrittenNavigation]
    ) -> dict[str, tuple[str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for each in (each for each in navigation if each.constraints):
            target = written.bindings.get(each.name) or self._schema.only_set_of(each.type)
            if target:
                found |= {
                    ours.replace("/", "."): (target, theirs) for ours, theirs in each.constraints.items()
                }
        return found


def _required(each: Property, key: tuple[str, ...]) -> Property:
    return replace(each, nullable=False) if each.name in key else each


def _paths(each: Property, prefix: str = "") -> list[str]:
    name = prefix + each.name
    return [name, *(path for inner in each.fields for path in _paths(inner, f"{name}."))]


def _problem(
    written: WrittenSet, line: list[tuple[str, WrittenType]], key: tuple[str, ...], known: set[str]
) -> str:
    if not line:
        return f"is of the type {written.type or '(none)'}, which the document does not hold"
    if not key and not written.single:
        return f"is of the type {line[-1][0]}, which has no key"
    lost = [part for part in key if part not in known]
    return f"has {lost[0]} in its key, which is no property of it" if lost else ""

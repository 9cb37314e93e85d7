"""CSDL in JSON (OData 4.01 CSDL JSON) to the pieces of ``schema.py``. Not here: what they mean together.

Members that begin with ``$`` are the language's, those with ``@`` are annotations, all others are names. Whatever has
another form than the standard's is passed over, as the reader of a set then finds it missing.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from exepron_pipeline.odata.metadata.description import Description
from exepron_pipeline.odata.metadata.resolve import resolve
from exepron_pipeline.odata.metadata.schema import (
    Kind,
    Schema,
    WrittenNavigation,
    WrittenProperty,
    WrittenSet,
    WrittenType,
    number,
)

_KINDS: dict[str, Kind] = {
    "EntityType": "entity",
    "ComplexType": "complex",
    "EnumType": "enum",
    "TypeDefinition": "definition",
}
_DESCRIPTIONS = ("@Core.Description", "@Org.OData.Core.V1.Description", "@Common.Label")

Members = dict[str, Any]


def describe_json(document: Members) -> Description:
    """Read a metadata document in JSON, one that has ``$Version``."""
    schema = Schema()
    for namespace, members in _named(document):
        if isinstance(members.get("$Alias"), str):
            schema.aliases[members["$Alias"]] = namespace
    for namespace, members in _named(document):
        for name, member in _named(members):
            _add(schema, f"{namespace}.{name}", member)
        targets = members.get("$Annotations")
        for target, notes in _objects(targets if isinstance(targets, dict) else {}):
            schema.notes[schema.qualify_target(target)] = _described(notes)
    return resolve(schema, f"CSDL {document.get('$Version')} JSON", "odata4")


def _named(members: Members) -> Iterator[tuple[str, Members]]:
    return (
        (name, value)
        for name, value in _objects(members)
        if not name.startswith(("$", "@")) and "@" not in name
    )


def _objects(members: Members) -> Iterator[tuple[str, Members]]:
    return ((name, value) for name, value in members.items() if isinstance(value, dict))


def _add(schema: Schema, name: str, member: Members) -> None:
    kind = _text(member, "$Kind")
    if kind == "EntityContainer":
        _fill(schema, member)
    elif kind in _KINDS:
        schema.types[name] = _type(_KINDS[kind], member)


def _type(kind: Kind, member: Members) -> WrittenType:
    inner = [] if kind in {"enum", "definition"} else list(_named(member))
    return WrittenType(
        kind,
        base=_text(member, "$BaseType"),
        key=tuple(_key(member.get("$Key"))),
        properties=[
            _property(name, each) for name, each in inner if each.get("$Kind", "Property") == "Property"
        ],
        navigation=[
            _navigation(name, each) for name, each in inner if each.get("$Kind") == "NavigationProperty"
        ],
        underlying=_property("", member, "$UnderlyingType") if kind == "definition" else None,
        description=_described(member),
    )


def _key(parts: object) -> Iterator[str]:
    """Names of a key's parts; one in a complex property stands as ``{alias: path}``."""
    for part in parts if isinstance(parts, list) else []:
        paths = part.values() if isinstance(part, dict) else [part]
        yield from (path.replace("/", ".") for path in paths if isinstance(path, str))


def _property(name: str, member: Members, type_member: str = "$Type") -> WrittenProperty:
    return WrittenProperty(
        name=name,
        type=_text(member, type_member) or "Edm.String",
        many=member.get("$Collection") is True,
        nullable=member.get("$Nullable") is True,
        precision=number(member.get("$Precision")),
        scale=number(member.get("$Scale")),
        description=_described(member),
    )


def _navigation(name: str, member: Members) -> WrittenNavigation:
    pairs = member.get("$ReferentialConstraint")
    constraints = {
        ours: theirs
        for ours, theirs in (pairs.items() if isinstance(pairs, dict) else ())
        if isinstance(theirs, str) and not ours.startswith(("$", "@"))
    }
    return WrittenNavigation(name, _text(member, "$Type"), member.get("$ContainsTarget") is True, constraints)


def _fill(schema: Schema, container: Members) -> None:
    for name, member in _named(container):
        if "$Function" in member or "$Action" in member:
            schema.calls.append(name)
            continue
        bindings = member.get("$NavigationPropertyBinding")
        schema.sets.append(
            WrittenSet(
                name=name,
                path=quote(name, safe="._-~()'$@"),
                type=_text(member, "$Type"),
                single=member.get("$Collection") is not True,
                bindings={k: v for k, v in bindings.items() if isinstance(v, str)}
                if isinstance(bindings, dict)
                else {},
                description=_described(member),
            )
        )


def _text(members: Members, name: str) -> str:
    value = members.get(name)
    return value if isinstance(value, str) else ""


def _described(member: Members) -> str:
    found = (member[name] for name in _DESCRIPTIONS if isinstance(member.get(name), str))
    return " ".join(next(found, "").split())

"""CSDL in XML, versions 2, 3 and 4, to the pieces of ``schema.py``. Not here: what they mean together.

Sources: OData 4.01 CSDL XML; [MC-CSDL] and the OData 2 and 3 metadata documents, whose relationships stand
in ``Association`` elements rather than in the navigation property. Elements are known by their local names.
"""

from urllib.parse import quote

from exepron_pipeline.errors import ResponseError
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
    split_collection,
)
from exepron_pipeline.odata.metadata.xmltree import Element, parse_xml

_KINDS: dict[str, Kind] = {
    "EntityType": "entity",
    "ComplexType": "complex",
    "EnumType": "enum",
    "TypeDefinition": "definition",
}
_V3_NAMESPACE = "2009/11/edm"


def describe_xml(body: bytes) -> Description:
    """Read a metadata document in XML.

    Raises:
        ResponseError: It is no CSDL.

    """
    root = parse_xml(body)
    services = root.first("DataServices") if root.name == "Edmx" else root
    schemas = list(services.all("Schema")) if services and root.name in {"Edmx", "DataServices"} else []
    if services is None or not schemas:
        raise ResponseError(
            f"The description is XML, but no metadata of OData: its root is {root.name}.",
            hint="Name its $metadata, or an OpenAPI document.",
        )
    version = _version(root, services, schemas)
    dialect = {"2": "odata2", "3": "odata3"}.get(version[0], "odata4")
    return resolve(_schema(schemas), f"CSDL {version}", dialect)


def _version(root: Element, services: Element, schemas: list[Element]) -> str:
    """Tell the version of OData: that of Edmx is 1.0 for everything before 4."""
    if root.get("Version", "1.0")[:1] not in {"1", "2", "3"}:
        return root.get("Version")
    declared = {services.get("DataServiceVersion")[:1], services.get("MaxDataServiceVersion")[:1]}
    if "3" in declared or any(_V3_NAMESPACE in schema.namespace for schema in schemas):
        return "3.0"
    return "2.0"


def _schema(elements: list[Element]) -> Schema:
    schema = Schema()
    associations: dict[str, Element] = {}
    for element in elements:
        namespace = element.get("Namespace")
        if element.get("Alias"):
            schema.aliases[element.get("Alias")] = namespace
        associations |= {f"{namespace}.{each.get('Name')}": each for each in element.all("Association")}
    for element in elements:
        for each in element.all(*_KINDS):
            found = _type(each, schema, associations)
            schema.types[f"{element.get('Namespace')}.{each.get('Name')}"] = found
        for notes in element.all("Annotations"):
            schema.notes[schema.qualify_target(notes.get("Target"))] = _described(notes)
        for container in element.all("EntityContainer"):
            _fill(schema, container)
    return schema


def _type(element: Element, schema: Schema, associations: dict[str, Element]) -> WrittenType:
    kind = _KINDS[element.name]
    key = element.first("Key")
    return WrittenType(
        kind,
        base=element.get("BaseType"),
        key=tuple(ref.get("Name").replace("/", ".") for ref in key.all("PropertyRef")) if key else (),
        properties=[_property(each) for each in element.all("Property")],
        navigation=[_navigation(each, schema, associations) for each in element.all("NavigationProperty")],
        underlying=_property(element, "UnderlyingType") if kind == "definition" else None,
        description=_described(element),
    )


def _property(element: Element, type_attribute: str = "Type") -> WrittenProperty:
    type_, many = split_collection(element.get(type_attribute, "Edm.String"))
    return WrittenProperty(
        name=element.get("Name"),
        type=type_,
        many=many or element.get("CollectionKind") in {"List", "Bag"},
        nullable=element.get("Nullable", "true") not in {"false", "0"},
        precision=number(element.get("Precision")),
        scale=number(element.get("Scale")),
        description=_described(element),
        semantics=element.get("semantics"),
        is_day=element.get("display-format") == "Date",
    )


def _navigation(element: Element, schema: Schema, associations: dict[str, Element]) -> WrittenNavigation:
    name = element.get("Name")
    if element.get("Type"):
        constraints = {
            each.get("Property"): each.get("ReferencedProperty")
            for each in element.all("ReferentialConstraint")
        }
        contained = element.get("ContainsTarget") in {"true", "1"}
        return WrittenNavigation(name, split_collection(element.get("Type"))[0], contained, constraints)
    association = associations.get(schema.qualify(element.get("Relationship")), Element(""))
    ends = {end.get("Role"): end.get("Type") for end in association.all("End")}
    target = ends.get(element.get("ToRole"), "")
    return WrittenNavigation(name, target, constraints=_of_association(association, element.get("ToRole")))


def _of_association(association: Element, principal_role: str) -> dict[str, str]:
    """Pair the properties of a constraint of version 2 and 3, seen from the end that depends."""
    constraint = association.first("ReferentialConstraint")
    principal = constraint.first("Principal") if constraint else None
    dependent = constraint.first("Dependent") if constraint else None
    if principal is None or dependent is None or principal.get("Role") != principal_role:
        return {}
    ours, theirs = ([ref.get("Name") for ref in end.all("PropertyRef")] for end in (dependent, principal))
    return dict(zip(ours, theirs, strict=False))


def _fill(schema: Schema, container: Element) -> None:
    prefix = f"{container.get('Name')}." if container.get("IsDefaultEntityContainer") == "false" else ""
    for element in container.all("EntitySet", "Singleton"):
        single = element.name == "Singleton"
        schema.sets.append(
            WrittenSet(
                name=element.get("Name"),
                path=quote(prefix + element.get("Name"), safe="._-~()'$@"),
                type=element.get("Type") if single else element.get("EntityType"),
                single=single,
                bindings={
                    each.get("Path"): each.get("Target") for each in element.all("NavigationPropertyBinding")
                },
                description=_described(element),
            )
        )
    schema.calls += [
        each.get("Name") for each in container.all("FunctionImport", "ActionImport") if each.get("Name")
    ]


def _described(element: Element) -> str:
    """What the document says of an element in words, in any of the ways that versions have for it."""
    for each in element.all("Annotation"):
        if each.get("Term").endswith(
            ("Core.Description", "Core.V1.Description", "Common.v1.Label", "Common.Label")
        ):
            inner = each.first("String")
            text = each.get("String") or (inner.text if inner else "")
            if text:
                return " ".join(text.split())
    documentation = element.first("Documentation")
    summary = documentation.first("Summary") if documentation else None
    text = summary.text if summary else element.get("quickinfo") or element.get("label")
    return " ".join(text.split())

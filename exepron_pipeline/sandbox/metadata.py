"""What a service says of itself: ``$metadata`` (CSDL 4), the service document, an OpenAPI document.

Here belongs the description of the endpoints as they are served. Not here: the endpoints
(``generations.py``), their answers (``api.py``).

Sources: OData 4.01 CSDL XML, sections 4 to 14; OData 4.01 JSON format, section 5; OpenAPI 3.0.3.
"""

import json
from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from exepron_pipeline.sandbox.generations import Endpoint, Generation
from exepron_pipeline.sandbox.schema import Kind
from exepron_pipeline.sandbox.views import Column, View

_NAMESPACE = "Exepron.Sandbox"

_EDM: dict[Kind, str] = {
    "int": 'Type="Edm.Int32"',
    "decimal": 'Type="Edm.Decimal" Precision="18" Scale="2"',
    "float": 'Type="Edm.Double"',
    "text": 'Type="Edm.String"',
    "bool": 'Type="Edm.Boolean"',
    "date": 'Type="Edm.Date"',
    "stamp": 'Type="Edm.DateTimeOffset" Precision="3"',
    "list": 'Type="Collection(Edm.String)"',
}

_JSON_SCHEMA: dict[Kind, dict[str, object]] = {
    "int": {"type": "integer", "format": "int32"},
    "decimal": {"type": "number", "format": "decimal"},
    "float": {"type": "number", "format": "double"},
    "text": {"type": "string"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "stamp": {"type": "string", "format": "date-time"},
    "list": {"type": "array", "items": {"type": "string"}},
}


def csdl(generation: Generation) -> str:
    """The entity model as XML, with the type of every property."""
    sets = _lists(generation)
    types = "".join(_entity_type(endpoint.view) for endpoint in sets)
    paths = {endpoint.view.name: endpoint.path for endpoint in sets}
    entries = "".join(_entity_set(endpoint, paths) for endpoint in sets)
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        f'<Schema Namespace="{_NAMESPACE}" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f'{types}<EntityContainer Name="Container">{entries}</EntityContainer>'
        "</Schema></edmx:DataServices></edmx:Edmx>"
    )


def service_document(generation: Generation, base: str) -> str:
    """The entity sets below a base address, as JSON."""
    sets = [{"name": each.path, "kind": "EntitySet", "url": each.path} for each in _lists(generation)]
    return json.dumps({"@odata.context": f"{base}/$metadata", "value": sets})


def openapi(generation: Generation, base: str) -> str:
    """The paths with their options, and the fields of what they answer."""
    paths = {f"/{each.path}": {"get": _operation(each, generation)} for each in generation.endpoints}
    document = {
        "openapi": "3.0.3",
        "info": {"title": "Portfolio service (a simulation)", "version": "v1"},
        "servers": [{"url": base}],
        "paths": paths,
        "components": {"schemas": {each.view.name: _schema(each.view) for each in generation.endpoints}},
    }
    return json.dumps(document)


def _lists(generation: Generation) -> list[Endpoint]:
    return [endpoint for endpoint in generation.endpoints if endpoint.reach == "account"]


def _type_name(view: View) -> str:
    """``TaskLink`` for ``task_links``."""
    return view.title.removesuffix("s")


def _entity_type(view: View) -> str:
    key = "".join(f'<PropertyRef Name="{name}"/>' for name in view.key)
    properties = "".join(_property(column, view) for column in view.columns)
    navigation = "".join(
        f'<NavigationProperty Name="{each.name}" Type={quoteattr(_target(_type_name(each.target), many=each.many))}/>'
        for each in view.relations
    )
    return f'<EntityType Name="{_type_name(view)}"><Key>{key}</Key>{properties}{navigation}</EntityType>'


def _target(name: str, *, many: bool) -> str:
    return f"Collection({_NAMESPACE}.{name})" if many else f"{_NAMESPACE}.{name}"


def _property(column: Column, view: View) -> str:
    nullable = "" if column.name not in view.key else ' Nullable="false"'
    return f'<Property Name="{column.name}" {_EDM[column.kind]}{nullable}/>'


def _entity_set(endpoint: Endpoint, paths: dict[str, str]) -> str:
    bindings = "".join(
        f'<NavigationPropertyBinding Path="{each.name}" Target="{paths[each.target.name]}"/>'
        for each in endpoint.view.relations
    )
    kind = f"{_NAMESPACE}.{_type_name(endpoint.view)}"
    return f'<EntitySet Name="{endpoint.path}" EntityType="{kind}">{bindings}</EntitySet>'


def _operation(endpoint: Endpoint, generation: Generation) -> dict[str, object]:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{endpoint.view.name}"}}
    link = {"type": "string", "nullable": True}
    answer = _object(
        meta=_object(matched={"type": "integer", "nullable": True}, more=link), data=_object(records=rows)
    )
    return {
        "operationId": endpoint.path.replace("/", "_"),
        "parameters": _parameters(sorted(generation.options - {"$skiptoken"})),
        "responses": {"200": {"description": "OK", "content": {"application/json": {"schema": answer}}}},
    }


def _parameters(names: Iterable[str]) -> list[dict[str, object]]:
    return [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]


def _object(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties}


def _schema(view: View) -> dict[str, object]:
    properties = {
        column.name: {**_JSON_SCHEMA[column.kind], "nullable": column.name not in view.key}
        for column in view.columns
    }
    return {"type": "object", "required": list(view.key), "properties": properties}

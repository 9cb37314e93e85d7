"""OpenAPI 3 and Swagger 2: which paths list records, and of what types their fields are."""

import json

import pytest
import yaml

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, Property
from exepron_pipeline.odata.metadata.find import parse_description

BASE = "https://api.example.com/api/v1"


def openapi(schema, *, path="/projects", more=None, schemas=None, **document):
    """A document of version 3 with one list."""
    answer = {"200": {"content": {"application/json; charset=utf-8": {"schema": schema}}}}
    return {
        "openapi": "3.0.3",
        "paths": {path: {"get": {"summary": "All of them.", "responses": answer}}, **(more or {})},
        "components": {"schemas": schemas or {}},
        **document,
    }


def only(document):
    """The only set of a document."""
    (found,) = parse_description(json.dumps(document).encode(), BASE).sets
    return found


def record(**properties):
    """The schema of a list of records with an id."""
    return {
        "type": "array",
        "items": {"type": "object", "properties": {"id": {"type": "integer"}, **properties}},
    }


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": "integer", "format": "int32"}, Property("p", "Int32")),
        ({"type": "integer"}, Property("p", "Int64")),
        ({"type": "number"}, Property("p", "Double")),
        ({"type": "number", "format": "decimal", "multipleOf": 0.01}, Property("p", "Decimal", scale=2)),
        ({"type": "string", "format": "date-time"}, Property("p", "DateTimeOffset")),
        (
            {"type": "string", "format": "uuid", "title": "Its  id"},
            Property("p", "Guid", description="Its id"),
        ),
        ({"type": "string", "enum": ["a"]}, Property("p", "String")),
        ({"type": ["string", "null"], "format": "date"}, Property("p", "Date")),
        ({"type": ["string", "integer"]}, Property("p", OPAQUE)),
        ({"type": "string", "format": "email"}, Property("p", "String", semantics="email")),
        ({"anyOf": [{"type": "string", "format": "byte"}, {"type": "null"}]}, Property("p", "Binary")),
        ({"type": "object"}, Property("p", OPAQUE)),
        ({}, Property("p", OPAQUE)),
        ({"type": "array", "items": {"type": "string"}}, Property("p", "String", many=True)),
        ({"type": "array", "items": {"type": "array", "items": {}}}, Property("p", OPAQUE, many=True)),
        ({"$ref": "https://elsewhere.example/schema.json"}, Property("p", OPAQUE)),
    ],
)
def test_types(schema, expected):
    """Types, formats, nullable alternatives and lists become properties; no reference out of the document is followed."""
    assert {each.name: each for each in only(openapi(record(p=schema))).properties}["p"] == expected


def test_objects_and_inheritance():
    """References are followed, ``allOf`` is joined, required ones are not null, and what holds itself ends as JSON."""
    schemas = {
        "Base": {"properties": {"id": {"type": "integer"}}, "required": ["id"]},
        "Place": {"type": "object", "properties": {"city": {"type": "string"}, "part": {"$ref": "#/components/schemas/Place"}}},
        "Thing": {"allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"place": {"$ref": "#/components/schemas/Place"}}}]},
    }  # fmt: skip
    found = only(openapi({"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}, schemas=schemas))
    first, place = found.properties
    assert first == Property("id", "Int64", nullable=False)
    assert (place.type, place.fields[0]) == (COMPLEX, Property("city", "String"))


@pytest.mark.parametrize("member", ["value", "items", "Items"])
def test_wrapped_lists(member):
    """A list may stand in the member that OData, or ASP.NET, calls it by."""
    schema = {"type": "object", "properties": {member: record(), "count": {"type": "integer"}}}
    assert only(openapi(schema)).problem == ""


def test_records_in_a_wrapping_of_the_service_s_own_are_found():
    """A list below members of other names is one too: its answers will show where its records are."""
    inner = {"type": "object", "properties": {"records": record()}}
    found = only(openapi({"type": "object", "properties": {"data": inner}}))
    assert (found.key, found.problem) == (("id",), "")


@pytest.mark.parametrize(
    ("path", "servers", "expected"),
    [
        ("/projects", [{"url": BASE}], "projects"),
        ("/api/v1/projects", [{"url": "/"}], "projects"),
        ("/v1/projects", [{"url": "https://api.example.com/api"}], "projects"),
        ("/projects", [], "projects"),
        ("/Accounts/{accountId}/Projects", [{"url": "/api/v1"}], "Accounts/{accountId}/Projects"),
    ],
)
def test_paths_are_below_the_base(path, servers, expected):
    """What the base address holds already is taken off a path, wherever the document says it."""
    assert only(openapi(record(), path=path, servers=servers)).path == expected


@pytest.mark.parametrize(
    ("fields", "below", "key"),
    [
        (["projectId", "name"], "/projects/{projectId}", ("projectId",)),
        (["code", "name"], "/projects/{code}", ("code",)),
        (["project_id", "id"], None, ("id",)),
        (["ProjectID", "name"], None, ("ProjectID",)),
        (["name"], None, ()),
    ],
)
def test_keys_are_guessed(fields, below, key):
    """The path of one record names the key, else a name that says so; where none does, that is a problem."""
    items = {"type": "object", "properties": {name: {"type": "string"} for name in fields}}
    one = {"get": {"responses": {"200": {"content": {"application/json": {"schema": items}}}}}}
    found = only(openapi({"type": "array", "items": items}, more={below: one} if below else {}))
    assert found.key == key
    assert bool(found.problem) is not bool(key)


def test_swagger_2_and_yaml():
    """Swagger 2 has other places for base path and schema; both may be YAML."""
    document = {
        "swagger": "2.0",
        "basePath": "/api/v1",
        "paths": {
            "/projects": {
                "get": {
                    "responses": {200: {"schema": {"type": "array", "items": {"$ref": "#/definitions/P"}}}}
                }
            },
            "/login": {"post": {"responses": {}}},
        },
        "definitions": {"P": {"properties": {"id": {"type": "integer", "x-nullable": False}}}},
    }
    description = parse_description(yaml.safe_dump(document).encode(), BASE)
    assert description.origin == "Swagger 2.0"
    assert [(each.path, each.key) for each in description.sets] == [("projects", ("id",))]


@pytest.mark.parametrize(
    "body", [b"[]", b"{}", b"\x00", b"openapi: [", b'{"openapi": "3.0.0"}', b"[" * 100_000]
)
def test_other_documents_are_refused(body):
    """What is no description of any kind is an error that says so."""
    with pytest.raises(ResponseError):
        parse_description(body, BASE)


def test_a_yaml_bomb_ends():
    """Aliases that stand for ever more aliases are no endless document."""
    lines = ["a0: &a0 {type: string}"]
    lines += [
        f"a{n}: &a{n} {{type: object, properties: {{{', '.join(f'p{i}: *a{n - 1}' for i in range(9))}}}}}"
        for n in range(1, 12)
    ]
    tail = "openapi: 3.0.3\npaths: {/x: {get: {responses: {'200': {content: {application/json: {schema: {type: array, items: *a11}}}}}}}}"
    description = parse_description("\n".join([*lines, tail]).encode(), BASE)

    def size(each):
        return 1 + sum(map(size, each.fields))

    assert sum(size(each) for found in description.sets for each in found.properties) < 50_000

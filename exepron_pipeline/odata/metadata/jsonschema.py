"""Schemas of an OpenAPI document to properties: references, ``allOf``, alternatives, formats.

Here: JSON Schema as far as OpenAPI 3.0, 3.1 and Swagger 2 use it for records. Not here: paths (``openapi.py``). No
reference out of the document is followed; schemas that hold themselves end as JSON.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from exepron_pipeline.odata.metadata.description import COMPLEX, OPAQUE, Property

DEEPEST = 12
MOST_FIELDS = 4_000

_FORMATS = {
    ("integer", ""): "Int64", ("integer", "int32"): "Int32", ("integer", "int64"): "Int64",
    ("number", ""): "Double", ("number", "float"): "Single", ("number", "double"): "Double",
    ("number", "decimal"): "Decimal", ("number", "currency"): "Decimal", ("string", "decimal"): "Decimal",
    ("string", "int64"): "Int64", ("boolean", ""): "Boolean", ("string", "date"): "Date",
    ("string", "date-time"): "DateTimeOffset", ("string", "time"): "TimeOfDay", ("string", "duration"): "Duration",
    ("string", "uuid"): "Guid", ("string", "byte"): "Binary", ("string", "base64url"): "Binary",
}  # fmt: skip
_SEMANTICS = {"email", "phone", "tel"}

Members = dict[str, Any]


class Schemas:
    """The schemas of one document, for one record; counts its properties.

    Args:
        document: The whole document, to follow references in.

    """

    def __init__(self, document: Members) -> None:
        self._document = document
        self._left = MOST_FIELDS

    def fields(self, schema: Members, depth: int = 0) -> Iterator[Property]:
        """Properties of an object's schema."""
        required = {str(name) for name in listed(schema.get("required"))}
        for name, inner in members_of(schema).items():
            self._left -= 1
            if isinstance(inner, dict) and self._left > 0:
                yield self._property(str(name), inner, depth + 1, required=str(name) in required)

    def items(self, schema: Members) -> Members:
        """The schema of an array's items."""
        items = schema.get("items")
        return items if isinstance(items, dict) else {}

    def whole(self, schema: Members, depth: int = 0) -> Members:
        """The schema with references followed, ``allOf`` joined, and the one alternative that is not null."""
        for _ in range(DEEPEST):
            reference = schema.get("$ref")
            if not isinstance(reference, str):
                break
            schema = self._at(reference)
        for name in ("oneOf", "anyOf"):
            given = dicts(schema.get(name))
            choices = [each for each in given if types_of(each) != {"null"}]
            if len(choices) == 1 and depth < DEEPEST:
                rest = {key: value for key, value in schema.items() if key != name}
                null = {"nullable": True} if len(choices) < len(given) else {}
                return {**self.whole(choices[0], depth + 1), **rest, **null}
        return self._joined(schema, depth)

    def _property(self, name: str, schema: Members, depth: int, *, required: bool = False) -> Property:
        whole = self.whole(schema, depth)
        nullable = not required or _is_nullable(whole)
        said = line(whole.get("description") or whole.get("title") or "")
        if "array" in types_of(whole):
            item = Property(name, OPAQUE)
            if depth < DEEPEST:
                item = self._property(name, self.items(whole), depth + 1)
            kind = OPAQUE if item.many else item.type  # lists of lists have no columns
            return Property(name, kind, many=True, nullable=nullable, fields=item.fields, description=said)
        if members_of(whole):
            fields = tuple(self.fields(whole, depth)) if depth < DEEPEST else ()
            return Property(
                name, COMPLEX if fields else OPAQUE, nullable=nullable, fields=fields, description=said
            )
        form = str(whole.get("format") or "").lower()
        return Property(
            name,
            _scalar(types_of(whole), form),
            scale=_scale(whole),
            nullable=nullable,
            description=said,
            semantics=form if form in _SEMANTICS else "",
        )

    def _joined(self, schema: Members, depth: int) -> Members:
        parts = dicts(schema.get("allOf"))
        if not parts or depth >= DEEPEST:
            return schema
        joined: Members = {}
        for part in [*(self.whole(each, depth + 1) for each in parts), schema]:
            properties = {**members_of(joined), **members_of(part)}
            required = [*listed(joined.get("required")), *listed(part.get("required"))]
            joined = {**joined, **part, "properties": properties, "required": required}
        return {key: value for key, value in joined.items() if key != "allOf"}

    def _at(self, reference: str) -> Members:
        """Follow a reference inside the document; whatever leads elsewhere is an empty schema."""
        here: object = self._document if reference.startswith("#/") else None
        for part in reference.removeprefix("#/").split("/"):
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            here = here.get(name) if isinstance(here, dict) else None
        return here if isinstance(here, dict) else {}


def types_of(schema: Members) -> set[str]:
    """The types that a schema allows: a text before OpenAPI 3.1, there a list too."""
    given = schema.get("type")
    named = {str(each) for each in given} if isinstance(given, list) else {str(given)} if given else set()
    return named or ({"array"} if "items" in schema else set())


def members_of(schema: Members) -> Members:
    """The properties of a schema; none where it has another form."""
    found = schema.get("properties")
    return found if isinstance(found, dict) else {}


def dicts(value: object) -> list[Members]:
    """The objects of a list."""
    return [each for each in listed(value) if isinstance(each, dict)]


def listed(value: object) -> list[Any]:
    """A list, or an empty one in place of anything else."""
    return value if isinstance(value, list) else []


def line(text: object) -> str:
    """Words in one line."""
    return " ".join(str(text).split())


def _is_nullable(schema: Members) -> bool:
    return "null" in types_of(schema) or True in (schema.get("nullable"), schema.get("x-nullable"))


def _scalar(types: set[str], form: str) -> str:
    kinds = sorted(types - {"null"})
    if len(kinds) != 1 or kinds[0] == "object":
        return OPAQUE
    return _FORMATS.get((kinds[0], form)) or _FORMATS.get((kinds[0], ""), "String")


def _scale(schema: Members) -> int | None:
    """The scale of a decimal, where ``multipleOf`` tells it."""
    step = re.fullmatch(r"0?\.(0*)1", str(schema.get("multipleOf", "")))
    return len(step[1]) + 1 if step else None

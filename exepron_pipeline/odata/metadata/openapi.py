"""OpenAPI 3 and Swagger 2 to a `Description`: which GET answers with a list, and what its records look like.

Here: the documents as they are written, in JSON or YAML, and their paths, which become relative to the API's base
address. Not here: schemas (``jsonschema.py``), and whether a service keeps its word (a probe tells).

Sources: OpenAPI 3.0.3 and 3.1, Swagger 2.0, and the Format Registry of the OpenAPI Initiative.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from urllib.parse import unquote, urlsplit

import yaml

from exepron_pipeline.errors import ResponseError
from exepron_pipeline.odata.metadata.description import DescribedSet, Description
from exepron_pipeline.odata.metadata.jsonschema import Members, Schemas, dicts, line, members_of, types_of
from exepron_pipeline.odata.metadata.keys import guess_key

LARGEST = 64 << 20
DEEPEST = 200

_HINT = "Give an OpenAPI 3 or Swagger 2 document, in JSON or YAML."
_ROWS = (
    "value",
    "d.results",
    "d",
    "items",
    "Items",
    "data",
    "results",
    "records",
    "data.records",
    "data.items",
)
_VARIABLE = re.compile(r"\{([^{}]*)\}")


def is_openapi(document: object) -> bool:
    """True for a parsed document that calls itself OpenAPI 3 or Swagger 2."""
    return isinstance(document, dict) and bool({"openapi", "swagger"} & document.keys())


def parse_document(body: bytes) -> Members:
    """Read JSON, or else YAML.

    Raises:
        ResponseError: It is neither, no object, or too large.

    """
    if len(body) > LARGEST:
        raise ResponseError(
            f"The description has {len(body) >> 20} MB; {LARGEST >> 20} are taken.", hint=_HINT
        )
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = _yaml(body)
    if not isinstance(document, dict):
        raise ResponseError("The description is no object.", hint=_HINT)
    return document


def _yaml(body: bytes) -> object:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check_depth(yaml.parse(body, loader))
        return yaml.load(body, loader)  # noqa: S506 # a safe loader, in C where there is one
    except (yaml.YAMLError, ValueError) as error:
        problem = getattr(error, "problem", None) or "it cannot be parsed"
        raise ResponseError(f"The description is neither JSON nor YAML: {problem}.", hint=_HINT) from None


def _check_depth(events: Iterable[yaml.Event]) -> None:
    """Refuse what is nested without end: the loader in C would break the process."""
    depth = 0
    for event in events:
        opens = isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent)
        depth += opens - isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent)
        if depth > DEEPEST:
            raise ResponseError(f"The description is nested more than {DEEPEST} deep.", hint=_HINT)


def describe_openapi(document: Members, base_url: str) -> Description:
    """Describe the lists of a document.

    Args:
        document: As `parse_document` gave it.
        base_url: The API's base address: what of a path it holds already is taken off.

    Raises:
        ResponseError: It is no OpenAPI document.

    """
    paths = document.get("paths")
    if not is_openapi(document) or not isinstance(paths, dict):
        raise ResponseError("The description is no OpenAPI document with paths.", hint=_HINT)
    prefixes = _prefixes(document, base_url)
    answers = [
        _answer(document, _below(path, prefixes), item)
        for path, item in paths.items()
        if isinstance(path, str) and isinstance(item, dict)
    ]
    found = [each for each in answers if each]
    singles = [each.path for each in found if each.single]
    sets = tuple(_with_key(each, singles) for each in found if not each.single)
    kind = "openapi" if "openapi" in document else "swagger"
    return Description(f"{'OpenAPI' if kind == 'openapi' else 'Swagger'} {document[kind]}", sets)


def _prefixes(document: Members, base_url: str) -> list[str]:
    """Beginnings of written paths that the base address holds already, the longest first."""
    roots = [urlsplit(str(each.get("url", ""))).path for each in dicts(document.get("servers"))]
    roots = [root.strip("/") for root in [*roots, str(document.get("basePath") or "")]]
    base = unquote(urlsplit(base_url).path).strip("/")
    rests = [
        base.removeprefix(root).strip("/") for root in roots if f"{base}/".startswith(f"{root}/".lstrip("/"))
    ]
    return sorted({rest for rest in [*rests, base] if rest}, key=len, reverse=True)


def _below(path: str, prefixes: Iterable[str]) -> str:
    plain = path.strip("/")
    rests = (plain[len(each) :].strip("/") for each in prefixes if f"{plain}/".startswith(f"{each}/"))
    return next(rests, plain)


def _answer(document: Members, path: str, item: Members) -> DescribedSet | None:
    """What a path lists: nothing, a list of records, or one record (``single``)."""
    schemas, operation = Schemas(document), item.get("get")
    schema = _good_answer(schemas, operation) if isinstance(operation, dict) else None
    name = "_".join(part for part in re.split(r"[/.]", _VARIABLE.sub("", path)) if part)
    if schema is None or not isinstance(operation, dict) or not name:
        return None
    rows = _rows(schemas, schema)
    record = schemas.whole(rows if rows is not None else schema)
    properties = tuple(schemas.fields(record))
    said = operation.get("summary") or operation.get("description") or record.get("description") or ""
    if not properties:
        return None
    return DescribedSet(name, path, properties=properties, single=rows is None, description=line(said))


def _good_answer(schemas: Schemas, operation: Members) -> Members | None:
    """The schema of the good answer in JSON."""
    responses = operation.get("responses")
    names = [
        name for name in (200, "200", "2XX", "default") if isinstance(responses, dict) and name in responses
    ]
    good = responses[names[0]] if isinstance(responses, dict) and names else None
    answer = schemas.whole(good) if isinstance(good, dict) else {}
    content = answer.get("content")
    if isinstance(content, dict):
        media = [
            each for name, each in content.items() if "json" in str(name).lower() and isinstance(each, dict)
        ]
        answer = media[0] if media else {}
    schema = answer.get("schema")
    return schemas.whole(schema) if isinstance(schema, dict) else None


def _rows(schemas: Schemas, schema: Members) -> Members | None:
    """The schema of one record of a list; None for no list."""
    if "array" in types_of(schema):
        return schemas.items(schema)
    for place in _ROWS:
        inner: Members = schema
        for name in place.split("."):
            member = members_of(inner).get(name)
            inner = schemas.whole(member) if isinstance(member, dict) else {}
        if "array" in types_of(inner):
            return schemas.items(inner)
    return None


def _with_key(each: DescribedSet, singles: list[str]) -> DescribedSet:
    """Take the key from the path of a single record below the list, else from the properties' names."""
    rests = [path[len(each.path) :] for path in singles if path.startswith(each.path)]
    asked = next((match[1] for rest in rests if (match := re.fullmatch(r"[/(]\{([^{}/]*)\}\)?", rest))), "")
    key = guess_key(each.name, each.properties, asked)
    return replace(
        each, key=key, problem=each.problem or ("" if key else "has no property that looks like a key")
    )

"""Asks a service for its own description, in the places where services keep it.

Here: the order of the questions, and telling documents apart. Not here: reading one kind of document. Only addresses
below the base are asked, for the token goes with each question.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from exepron_pipeline.errors import (
    EntitySetMissingError,
    NotPermittedError,
    RequestRejectedError,
    ResponseError,
)
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.metadata.csdl_json import describe_json
from exepron_pipeline.odata.metadata.csdl_xml import describe_xml
from exepron_pipeline.odata.metadata.description import DescribedSet, Description
from exepron_pipeline.odata.metadata.jsonschema import Members, dicts, listed
from exepron_pipeline.odata.metadata.openapi import describe_openapi, is_openapi, parse_document
from exepron_pipeline.odata.metadata.xmltree import parse_xml

METADATA = ("$metadata", "odata/$metadata")
OPENAPI = ("swagger/v1/swagger.json", "openapi/v1.json", "openapi.json", "swagger.json", "v3/api-docs")

_NO_ANSWER = (EntitySetMissingError, NotPermittedError, RequestRejectedError, ResponseError)
_XML = {"accept": "application/xml, application/json;q=0.5"}
_ANY = {"accept": "*/*"}
_JSON = {"accept": "application/json"}


class Documents(Protocol):
    """What finding a description needs of a `Service`."""

    base_url: str

    def get(
        self, address: str, headers: Mapping[str, str] | None = None, *, until: float | None = None
    ) -> Response:
        """Return a good answer, or raise one of our errors; nothing is tried again after ``until``."""


def find_description(service: Documents) -> Description | None:
    """Ask for ``$metadata``, then for an OpenAPI document.

    Returns:
        None when the service has neither.

    Raises:
        ResponseError: There is a metadata document, but it cannot be read.
        ExepronError: The service cannot be asked at all.

    """
    return find_metadata(service) or _openapi_of(service)


def find_metadata(service: Documents) -> Description | None:
    """Ask for ``$metadata`` alone: at most four requests; None when there is none."""
    for address in METADATA:
        body = _body(service, address, _XML) or _body(service, address, _ANY)
        if body:
            found = parse_description(body, service.base_url)
            below = address.removesuffix("$metadata")
            return replace(
                found, sets=tuple(replace(each, path=f"{below}{each.path}") for each in found.sets)
            )
    return None


def _openapi_of(service: Documents) -> Description | None:
    for address in OPENAPI:
        body = _body(service, address, _JSON)
        try:
            document = parse_document(body) if body else {}
        except ResponseError:
            continue  # something else is served there
        if is_openapi(document):
            return describe_openapi(document, service.base_url)
    return None


def parse_description(body: bytes, base_url: str) -> Description:
    """Read a document of any kind that this package knows.

    Raises:
        ResponseError: It is none.

    """
    if body.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {
        b"<",
        b"\xff",
        b"\xfe",
    }:  # the last two begin UTF-16
        return describe_xml(body)
    document = parse_document(body)
    return describe_json(document) if "$Version" in document else describe_openapi(document, base_url)


def find_lists(service: Documents) -> tuple[DescribedSet, ...]:
    """Ask the service document which entity sets there are; of their records it tells nothing."""
    body = _body(service, "", _JSON)
    if not body:
        return ()
    try:
        return tuple(DescribedSet(name, path) for name, path in _listed(body))
    except ResponseError:
        return ()


def _listed(body: bytes) -> list[tuple[str, str]]:
    """Names and addresses of a service document: JSON of 4 and 3, JSON of 2, or Atom."""
    if body.lstrip()[:1] == b"<":
        workspaces = parse_xml(body).all("workspace")
        links = [link.get("href") for space in workspaces for link in space.all("collection")]
        return [(link, link) for link in links if link]
    document: Members = parse_document(body)
    verbose = document.get("d")
    if isinstance(verbose, dict):
        return [(str(name), str(name)) for name in listed(verbose.get("EntitySets"))]
    entries = [each for each in dicts(document.get("value")) if each.get("kind", "EntitySet") == "EntitySet"]
    found = [(each.get("name"), each.get("url") or each.get("name")) for each in entries]
    return [(name, url) for name, url in found if isinstance(name, str) and isinstance(url, str)]


def _body(service: Documents, address: str, headers: Mapping[str, str]) -> bytes | None:
    try:
        return service.get(address, headers).body
    except _NO_ANSWER:
        return None

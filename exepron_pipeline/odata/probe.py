"""Which dialect a service speaks, and who is signed in: the first questions. Not here: what it offers.

The order of the questions is that of the evidence: the vendor's sample clients first (nested paths, bare
lists), then the vendor's documentation (flat paths, ``value``), then the service's own metadata, which names the
version of OData. A service that answers none of them has to be named by the user.
"""

import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from exepron_pipeline.errors import (
    ConfigurationError,
    EntitySetMissingError,
    NotPermittedError,
    RequestRejectedError,
    ResponseError,
    ServerUnavailableError,
    TransientError,
)
from exepron_pipeline.odata.dialect import DIALECTS, LOGGED_IN_USER, Dialect
from exepron_pipeline.odata.metadata.find import Documents, find_metadata
from exepron_pipeline.odata.page import open_envelope
from exepron_pipeline.odata.question import Api

_NO_ANSWER = (EntitySetMissingError, NotPermittedError, RequestRejectedError, ResponseError)
_PATIENCE = 3.0  # seconds in which a question that breaks a service is asked again
_V3_MARKS = ("odata.metadata", "odata.count", "odata.nextLink", "d")


@dataclass(frozen=True)
class Me:
    """The signed-in user in one account."""

    account_id: str
    user_id: str | None = None
    role_id: str | None = None


def find_generation(service: Documents, setting: str) -> str:
    """Name the dialect of a service.

    Args:
        service: Whom to ask: two requests, and up to four more for the metadata of other services.
        setting: ``auto``, or the answer.

    Raises:
        ConfigurationError: It answers no question that we know; or ``setting`` is no dialect.
        ServerUnavailableError: It fails at our questions, and at those that every service knows.

    """
    if setting != "auto":
        if setting not in DIALECTS:
            names = ", ".join(DIALECTS)
            raise ConfigurationError(
                f"EXEPRON_GENERATION is {setting!r}.", hint=f"Use auto or one of {names}."
            )
        return setting
    nested = _document(service, f"{LOGGED_IN_USER}?$select=userId,accountId")
    if _people(nested, DIALECTS["g1"], DIALECTS["g2"]):
        return _with_envelope(nested) or "g2"
    flat = _document(service, "projects?$top=1&$count=true")
    generation = _with_envelope(flat)
    if generation:
        return generation
    described = find_metadata(service)
    if described and described.dialect:
        return described.dialect
    for answer in (nested, flat):
        if isinstance(answer, NotPermittedError):
            hint = (
                "See that EXEPRON_SCOPE covers the API and the user may use it; else check EXEPRON_API_URL."
            )
            raise ConfigurationError(f"The API refuses this sign-in: {answer.message}", hint=hint)
        if isinstance(answer, ServerUnavailableError):
            raise answer  # it may be Exepron's API, on a bad day
    raise ConfigurationError(
        f"The service at {service.base_url} answers neither as Exepron's API nor with metadata of OData.",
        hint="Check EXEPRON_API_URL (its path too: /api/v1 or /v1), or set EXEPRON_GENERATION.",
    )


def knows_us(service: Documents) -> bool:
    """Tell whether a service answers who is signed in, as Exepron's API does: one request.

    Raises:
        ExepronError: It cannot be asked.

    """
    nested = _document(service, f"{LOGGED_IN_USER}?$select=userId,accountId")
    return bool(_people(nested, DIALECTS["g1"], DIALECTS["g2"]))


def who_am_i(service: Api, dialect: Dialect) -> tuple[Me, ...]:
    """Ask who is signed in: one value for each account; none when the service has no such path.

    Nothing is asked for but ids; that of the role where the service tells it.

    Raises:
        ResponseError: The answer holds no account.

    """
    if dialect.who_am_i is None:
        return ()
    address = f"{dialect.who_am_i}?$select=userId,accountId"
    try:
        response = service.get(f"{address},roleId")
    except RequestRejectedError:
        response = service.get(address)
    except EntitySetMissingError:
        return ()
    people = _people(_parsed(response.body), dialect)
    if not people:
        hint = "Check EXEPRON_API_URL and EXEPRON_GENERATION."
        raise ResponseError(f"{dialect.who_am_i} gives no user with an accountId.", hint=hint)
    return people


def _document(service: Documents, address: str) -> object:
    """Ask a question that the service may not know: None when it does not; the error where it is forbidden or fails.

    Some services fail (500) at paths that they do not know, and no patience heals that.
    """
    try:
        return _parsed(_answer(service, address))
    except NotPermittedError as error:
        return error
    except _NO_ANSWER:
        return None
    except ServerUnavailableError as error:
        if error.status != HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return error


def _answer(service: Documents, address: str) -> bytes:
    """Ask with little patience for failures, and with the usual one for whatever else passes."""
    try:
        return service.get(address, until=time.monotonic() + _PATIENCE).body
    except TransientError as error:
        if isinstance(error, ServerUnavailableError) and error.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise
        return service.get(address).body


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        raise ResponseError("The answer is no JSON.", hint="Check EXEPRON_API_URL.") from None


def _people(document: object, *dialects: Dialect) -> tuple[Me, ...]:
    for dialect in dialects:
        try:
            rows, _ = open_envelope(document, {}, dialect)
        except ResponseError:
            continue
        found = [_me(row) for row in rows if isinstance(row, dict) and row.get("accountId") is not None]
        return tuple(dict.fromkeys(found))
    return ()


def _me(row: dict[str, Any]) -> Me:
    user, role = row.get("userId"), row.get("roleId")
    return Me(
        account_id=str(row["accountId"]),
        user_id=None if user is None else str(user),
        role_id=None if role is None else str(role),
    )


def _with_envelope(document: object) -> str | None:
    """Name the generation that wraps its records; None for a bare list or a single object."""
    if _is_v3(document):
        return "g1"
    return "g3" if isinstance(document, dict) and isinstance(document.get("value"), list) else None


def _is_v3(document: object) -> bool:
    return isinstance(document, dict) and any(mark in document for mark in _V3_MARKS)

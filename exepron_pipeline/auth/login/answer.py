"""The answer that a browser brings back, and whether it is one to ours (RFC 6749, 4.1.2; RFC 9207).

Not here: how it comes (``loopback.py``, ``flow.py``), what its code is exchanged for (``auth/client.py``).
"""

import hmac
import re
from typing import NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from exepron_pipeline.auth.client import TokenClient
from exepron_pipeline.auth.login.question import Question
from exepron_pipeline.auth.offer import worth_trying
from exepron_pipeline.auth.provider import is_same_issuer
from exepron_pipeline.auth.refusal import GrantRefusedError, printable, refusal
from exepron_pipeline.errors import AuthRejectedError
from exepron_pipeline.http.redact import redact, remember_secret

AGAIN = "Run `exepron login` again, and finish in the browser window that it opens."

_IMPLICIT = {"access_token", "id_token"}


def is_answer(query: str) -> bool:
    """True for the query of a redirect by an identity server, good or bad."""
    return not {"code", "error", *_IMPLICIT}.isdisjoint(_fields(query))


def code_from_redirect(query: str, question: Question, client: TokenClient) -> str:
    """Return the code of a redirect's query.

    Raises:
        GrantRefusedError: The server, or the person in front of it, refuses.
        AuthRejectedError: It is no answer to this question.

    """
    fields = _fields(query)
    for name in ("code", *_IMPLICIT):
        for value in fields.get(name, ()):
            remember_secret(value)
    _refuse_implicit(fields)
    if any(len(values) > 1 for values in fields.values()):
        _refuse("holds something twice, which no identity server sends")
    only = {name: values[0] for name, values in fields.items()}
    _check_origin(only, question, client)
    if "error" in only:
        raise _refusal(only, client)
    if not only.get("code"):
        _refuse("holds no code")
    return only["code"]


def code_from_paste(text: str, question: Question, client: TokenClient) -> str:
    """Return the code of what a person pasted: the address at which the browser ended, or the code alone.

    A code alone cannot be compared with the question; PKCE ties it to the question at the exchange.

    Raises:
        GrantRefusedError: The server, or the person in front of it, refuses.
        AuthRejectedError: It is no answer to this question.

    """
    pasted = "".join(text.split())  # terminals break long lines
    remember_secret(pasted)
    if not pasted:
        _refuse("is empty")
    if not re.search(r"://|\b(code|error|access_token|id_token)=", pasted):
        remember_secret(unquote(pasted))
        return unquote(pasted)
    query, fragment = _parts(pasted)
    _refuse_implicit(_fields(fragment))
    if not is_answer(query or fragment):
        _refuse(
            f"is not where the identity server sends the browser: that begins with {question.redirect_uri}"
        )
    return code_from_redirect(query or fragment, question, client)


def _parts(pasted: str) -> tuple[str, str]:
    if "://" not in pasted:
        return pasted.lstrip("?#"), ""
    try:
        parts = urlsplit(pasted)
    except ValueError:
        return "", ""
    return parts.query, parts.fragment


def _fields(query: str) -> dict[str, list[str]]:
    return parse_qs(query, keep_blank_values=True)


def _refuse_implicit(fields: dict[str, list[str]]) -> None:
    for name in _IMPLICIT & fields.keys():
        for value in fields[name]:
            remember_secret(value)
        raise AuthRejectedError(
            "What came back holds a token, by the implicit grant: that is refused, since tokens in addresses stay "
            "in histories and logs, and nothing ties them to this sign-in.",
            hint=f"Register the client for the authorization code with PKCE. {AGAIN}",
        )


def _check_origin(fields: dict[str, str], question: Question, client: TokenClient) -> None:
    if not hmac.compare_digest(fields.get("state", "").encode(), question.state.encode()):
        _refuse("belongs to another sign-in: its state is not the one that was sent")
    provider, issuer = client.provider, fields.get("iss")
    if issuer is None and provider.names_itself:
        _refuse("does not say who sent it, although the identity server announces to do so (RFC 9207)")
    if issuer is not None and not is_same_issuer(issuer, provider.issuer):
        shown = printable(redact(issuer))[:200]
        _refuse(f"comes from {shown} and not from {provider.issuer}")


def _refusal(fields: dict[str, str], client: TokenClient) -> GrantRefusedError:
    others = worth_trying(client.provider, client.connection, "authorization_code")
    description = fields.get("error_description", "")
    return refusal(client.provider.issuer, "authorization_code", fields["error"], description, others)


def _refuse(reason: str) -> NoReturn:
    raise AuthRejectedError(f"What came back from the browser {reason}.", hint=AGAIN)

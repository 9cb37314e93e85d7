"""The independent provider and the API that takes its tokens, as tests see them. Not here: starting Node."""

import base64
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote_plus, urlencode
from urllib.request import Request, urlopen

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

SECRET = "s:e+c%r e/t=&more~_-."
PUBLIC, CONFIDENTIAL, STEADY, SERVICE = "public", "the confidential", "steady", "a service"
WITHOUT_REFRESH = "without refresh"
USER, PASSWORD = "integration@example.com", "pass wörd&=1"


@dataclass
class Provider:
    """A running provider, and everything that its endpoints were asked and gave."""

    issuer: str = ""
    api: str = ""
    exchanges: list[dict[str, Any]] = field(default_factory=list)
    settle: Callable[[], object] = lambda: None
    """Waits until all that it did is told."""

    def notice(self, exchange: dict[str, Any]) -> None:
        """Keep one exchange."""
        self.exchanges.append(exchange)

    def asked(self, endpoint: str) -> list[dict[str, Any]]:
        """What was asked of ``token`` or ``revocation``, in order."""
        self.settle()
        return [each["asked"] for each in self.exchanges if each["endpoint"] == endpoint]

    def tokens(self) -> set[str]:
        """Every token that was ever given."""
        self.settle()
        given = [each["given"] for each in self.exchanges if each["endpoint"] == "token" and each["given"]]
        names = ("access_token", "refresh_token", "id_token")
        return {answer[name] for answer in given for name in names if name in answer}

    def connection(self, client_id: str, **changes: Any) -> dict[str, Any]:
        """Settings of a connection as this client."""
        secret = {"client_secret": SECRET} if client_id in {CONFIDENTIAL, SERVICE} else {}
        return {"identity_url": self.issuer, "api_url": self.api, "client_id": client_id, **secret, **changes}

    def accepts(self, token: str) -> bool:
        """As an API judges it: what a JWT says (RFC 9068, 4), or what the provider says of an opaque one."""
        claims = self._signed(token) if token.count(".") == 2 else self._introspected(token)
        is_ours = (claims.get("iss"), claims.get("aud")) == (self.issuer, self.api)
        return is_ours and claims["exp"] > time.time()

    def _signed(self, token: str) -> dict[str, Any]:
        try:
            return jwt.decode(token, self._keys, algorithms=["RS256"]).claims
        except (JoseError, ValueError):
            return {}

    def _introspected(self, token: str) -> dict[str, Any]:
        """RFC 7662, as the client that is a service."""
        form = urlencode({"token": token}).encode()
        pair = f"{quote_plus(SERVICE)}:{quote_plus(SECRET)}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        with urlopen(Request(f"{self.issuer}/token/introspection", form, headers)) as answer:
            return json.load(answer)

    @cached_property
    def _keys(self) -> KeySet:
        with urlopen(f"{self.issuer}/jwks") as answer:
            return KeySet.import_key_set(json.load(answer))


def protected(service: type[Any], accepts: Callable[[str], bool], its_token: str) -> Any:
    """The OData service of ``tests/flow``, taking the tokens that ``accepts`` takes and no other."""

    class Protected(service):
        def answer(self, target: str, authorization: str | None) -> tuple[int, dict[str, Any]]:
            kind, _, token = (authorization or "").partition(" ")
            is_good = kind == "Bearer" and accepts(token)
            return super().answer(target, f"Bearer {its_token}" if is_good else None)

    return Protected()

"""authlib's authorization server with the storage and the responses of the sandbox.

Here belong the grants and endpoints that it knows, the clients, and how an answer becomes a response. Not
here: each grant (``grants.py``, ``authorize.py``, ``device.py``), the paths (``routes.py``).
"""

from typing import NoReturn
from urllib.parse import parse_qsl, urlencode, urlsplit

from authlib.oauth2.rfc6749 import AuthorizationServer
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, OAuth2Error
from starlette.responses import JSONResponse, RedirectResponse, Response

from exepron_pipeline.sandbox.identity.authorize import AuthorizationCodeGrant, RequestRules
from exepron_pipeline.sandbox.identity.clients import SCOPES, Client, Clients, authenticate_basic
from exepron_pipeline.sandbox.identity.codes import Codes
from exepron_pipeline.sandbox.identity.counts import Counts
from exepron_pipeline.sandbox.identity.device import DeviceAuthorizationEndpoint, DeviceCodeGrant
from exepron_pipeline.sandbox.identity.device_codes import DeviceLogins
from exepron_pipeline.sandbox.identity.directory import Directory
from exepron_pipeline.sandbox.identity.form_request import FormRequest
from exepron_pipeline.sandbox.identity.grants import (
    CLIENT_AUTHENTICATION,
    ClientCredentialsGrant,
    PasswordGrant,
    RefreshTokenGrant,
)
from exepron_pipeline.sandbox.identity.issuing import Issuer
from exepron_pipeline.sandbox.identity.refresh import RefreshTokens
from exepron_pipeline.sandbox.identity.revocation import RevocationEndpoint
from exepron_pipeline.sandbox.identity.subjects import Landing
from exepron_pipeline.sandbox.identity.tokens import AccessTokens
from exepron_pipeline.sandbox.limits import Limits
from exepron_pipeline.sandbox.world import World

_NOT_TAKEN = {"header": "client_secret_post", "form": "client_secret_basic", "both": None}


class Authority(AuthorizationServer):  # type: ignore[misc]  # authlib ships no types
    """Knows who may have what."""

    def __init__(self, world: World, tokens: AccessTokens, limits: Limits) -> None:
        super().__init__(scopes_supported=SCOPES)
        self.world = world
        self.clients = Clients(world.seed, limits.clients)
        self.directory = Directory(world, limits.lockout)
        self.codes = Codes(limits.code_lifetime)
        self.devices = DeviceLogins(limits.device_lifetime, limits.device_interval)
        self.refresh_tokens = RefreshTokens(
            limits.refresh_per_client, limits.refresh_per_user, limits.refresh_lifetime
        )
        self.counts = Counts(self.refresh_tokens)
        self.issuer = Issuer(
            tokens, self.refresh_tokens, self.counts, lambda issue: world.faults.strike("issue", issue)
        )
        self.issuer_url = tokens.issuer
        self.client_authentication = [
            each for each in CLIENT_AUTHENTICATION if each != _NOT_TAKEN[limits.client_auth]
        ]
        self.register_client_auth_method("client_secret_basic", authenticate_basic)
        self.register_grant(AuthorizationCodeGrant, [RequestRules()])
        for grant in (DeviceCodeGrant, RefreshTokenGrant, PasswordGrant, ClientCredentialsGrant):
            self.register_grant(grant)
        self.register_endpoint(DeviceAuthorizationEndpoint)
        self.register_endpoint(RevocationEndpoint)

    @property
    def grant_types(self) -> list[str]:
        """The grants by name."""
        return [grant.GRANT_TYPE for grant, _ in self._token_grants]

    def now(self) -> int:
        """Seconds since 1970, by the server's clock."""
        return int(self.issuer.tokens.clock())

    def query_client(self, client_id: str) -> Client:
        """The client with this id.

        Raises:
            InvalidClientError: there is none.
        """
        client = self.clients.find(client_id)
        if client is None:
            raise InvalidClientError("The client does not exist on this server.", status_code=401)
        return client

    def authenticate_client(
        self, request: FormRequest, methods: list[str], endpoint: str = "token"
    ) -> Client:
        """The client that asks.

        Raises:
            InvalidClientError: it is not who it says, or says so in a way that is not taken.
            InvalidRequestError: see ``FormRequest.check``.
        """
        request.check()
        sent = request.client_authentication
        taken = [sent] if sent in methods and sent in self.client_authentication else []
        try:
            return super().authenticate_client(request, taken, endpoint)  # type: ignore[no-any-return]  # authlib ships no types
        except InvalidClientError as error:
            error.status_code = 401
            raise

    def create_token_response(self, request: FormRequest) -> Response:
        """The answer of the token endpoint."""
        if not request.payload.grant_type:
            return self.refuse(InvalidRequestError("Missing 'grant_type' in request."))
        return super().create_token_response(request)  # type: ignore[no-any-return]  # authlib ships no types

    def refuse(self, error: OAuth2Error) -> Response:
        """The answer that says what is wrong: a document, or a redirect where the error knows one."""
        return self.handle_error_response(None, error)  # type: ignore[no-any-return]  # authlib ships no types

    def save_token(self, _token: object, _request: object) -> None:
        """Nothing: tokens are kept where they are made (``issuing.py``)."""

    def create_oauth2_request(self, request: FormRequest) -> FormRequest:
        """The same: it was made before."""
        return request

    def create_json_request(self, request: object) -> NoReturn:
        """Fail."""
        raise NotImplementedError(f"No endpoint of the sandbox reads JSON, and none should get {request}")

    def handle_response(self, status: int, body: object, headers: list[tuple[str, str]]) -> Response:
        """A document, or a redirect back to the client."""
        location = dict(headers).get("Location")
        return self._land(location) if location else JSONResponse(body, status, dict(headers))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens to authlib's signals here."""

    def _land(self, location: str) -> Response:
        """To the client with the issuer's name (RFC 9207), by 303 so that no form goes along (RFC 9700, 4.12)."""
        parts = urlsplit(location)
        landing = Landing({**dict(parse_qsl(parts.query)), "iss": self.issuer_url})
        self.world.faults.strike("landing", landing)
        target = parts._replace(query=urlencode(landing.parameters)).geturl()
        return RedirectResponse(target, 303, {"Cache-Control": "no-store"})

"""The sandbox's identity server: OpenID discovery, keys, and the token endpoint.

Here belong the grants, as authlib's framework-neutral authorization server over Starlette. Not here: the
clients (``clients.py``), the tokens (``tokens.py``, ``refresh.py``), the API. A further grant or endpoint
is one more ``register_grant`` or ``register_endpoint`` in ``identity_routes``.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from authlib.oauth2.rfc6749 import AuthorizationServer, OAuth2Request, grants
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidGrantError
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exepron_pipeline.sandbox.clients import (
    OFFLINE_ACCESS,
    SCOPES,
    Client,
    Clients,
    authenticate_basic,
)
from exepron_pipeline.sandbox.credentials import password as password_of
from exepron_pipeline.sandbox.exchange import TokenAnswer
from exepron_pipeline.sandbox.limits import Limits
from exepron_pipeline.sandbox.refresh import RefreshToken, RefreshTokens, new_refresh_token
from exepron_pipeline.sandbox.self_service import client_routes
from exepron_pipeline.sandbox.tokens import AccessTokens
from exepron_pipeline.sandbox.world import World

_CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post", "none"]


class _TokenRequest(OAuth2Request):  # type: ignore[misc]  # authlib ships no types
    """A request at the token endpoint, its form read already; ``address`` is ours, whatever its Host header says."""

    def __init__(self, address: str, request: Request, form: dict[str, str]) -> None:
        super().__init__(request.method, address, headers=request.headers)
        self.payload = BasicOAuth2Payload(form)

    @property
    def form(self) -> dict[str, str]:
        return dict(self.payload.data)


class _PasswordGrant(grants.ResourceOwnerPasswordCredentialsGrant):  # type: ignore[misc]  # authlib ships no types
    TOKEN_ENDPOINT_AUTH_METHODS = _CLIENT_AUTHENTICATION

    def authenticate_user(self, username: str, password: str) -> int:
        user_id = self.server.directory.sign_in(username, password)
        if user_id is None:
            raise InvalidGrantError("invalid_username_or_password")
        return int(user_id)


class _ClientCredentialsGrant(grants.ClientCredentialsGrant):  # type: ignore[misc]  # authlib ships no types
    TOKEN_ENDPOINT_AUTH_METHODS = _CLIENT_AUTHENTICATION


class _RefreshTokenGrant(grants.RefreshTokenGrant):  # type: ignore[misc]  # authlib ships no types
    TOKEN_ENDPOINT_AUTH_METHODS = _CLIENT_AUTHENTICATION
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token: str) -> RefreshToken | None:
        return self.server.refresh_tokens.find(refresh_token, self.request.client)  # type: ignore[no-any-return]  # authlib ships no types

    def authenticate_user(self, refresh_token: RefreshToken) -> int:
        return refresh_token.user_id

    def revoke_old_credential(self, refresh_token: RefreshToken) -> None:
        refresh_token.used = True


class _BearerTokens(BearerTokenGenerator):  # type: ignore[misc]  # authlib ships no types
    """Gives a refresh token only with ``offline_access`` (OpenID Connect Core 11), and another for each used one."""

    def generate(
        self,
        grant_type: str,
        client: Client,
        user: int | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        granted = (client.get_allowed_scope(scope) or "").split()
        offline = include_refresh_token and (OFFLINE_ACCESS in granted or grant_type == "refresh_token")
        return dict(super().generate(grant_type, client, user, scope, expires_in, offline))


@dataclass(frozen=True)
class _Directory:
    """The users, as the portfolio has them today."""

    world: World

    def sign_in(self, name: str, password: str) -> int | None:
        """The id of the user with this mail address, or name where only one user has it, and password."""
        with self.world.today() as portfolio:
            found = portfolio.connection.execute(
                'SELECT "userId", "email" FROM "users" '
                'WHERE odata_lower("email") = :name OR odata_lower("userName") = :name',
                {"name": name.lower()},
            ).fetchall()
        if len(found) != 1 or password != password_of(self.world.seed, str(found[0][1])):
            return None
        return int(found[0][0])


class _TokenServer(AuthorizationServer):  # type: ignore[misc]  # authlib ships no types
    """authlib's authorization server with the storage and the responses of the sandbox."""

    def __init__(self, world: World, tokens: AccessTokens, clients: Clients, limits: Limits) -> None:
        super().__init__(scopes_supported=SCOPES)
        self.directory = _Directory(world)
        self.refresh_tokens = RefreshTokens(limits.refresh_per_client, limits.refresh_per_user)
        self._clients = clients
        self._world = world
        self._tokens = tokens
        self.register_client_auth_method("client_secret_basic", authenticate_basic)
        self.register_token_generator(
            "default", _BearerTokens(self._access_token, new_refresh_token, tokens.lifetime)
        )

    def query_client(self, client_id: str) -> Client:
        client = self._clients.find(client_id)
        if client is None:
            raise InvalidClientError("The client does not exist on this server.", status_code=401)
        return client

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        before: RefreshToken | None = request.refresh_token
        if "refresh_token" in token:
            scope = before.scope if before else token["scope"]
            self.refresh_tokens.keep(
                token["refresh_token"], request.client.client_id, request.user, scope, before
            )

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def create_json_request(self, request: object) -> NoReturn:
        raise NotImplementedError(f"No endpoint of the sandbox reads JSON, and none should get {request}")

    def handle_response(self, status: int, body: object, headers: list[tuple[str, str]]) -> Response:
        return JSONResponse(body, status, dict(headers))

    def send_signal(self, name: str, *args: object, **kwargs: object) -> None:
        """Nobody listens to authlib's signals here."""

    def _access_token(self, *, client: Client, user: int | None, scope: str, **_: object) -> str:
        user_id = self._world.service_user()["userId"] if user is None else user
        return self._tokens.issue(user_id, client.client_id, scope)


def identity_routes(world: World, tokens: AccessTokens, limits: Limits) -> list[Route]:
    """The identity server's paths, below its issuer."""
    clients = Clients(world.seed, limits.clients)
    server = _TokenServer(world, tokens, clients, limits)
    for grant in (_PasswordGrant, _ClientCredentialsGrant, _RefreshTokenGrant):
        server.register_grant(grant)
    grant_types = [grant.GRANT_TYPE for grant, _ in server._token_grants]  # noqa: SLF001 -- authlib tells it nowhere else

    address = f"{tokens.issuer}/connect/token"

    def discovery(_request: Request) -> Response:
        return JSONResponse(_discovery(tokens.issuer, grant_types))

    def keys(_request: Request) -> Response:
        return JSONResponse(tokens.public_keys())

    async def token(request: Request) -> Response:
        """One at a time on the event loop: a refresh token is never used by two requests at once."""
        form = await request.form()
        fields = {name: value for name, value in form.items() if isinstance(value, str)}
        answer = TokenAnswer(
            fields.get("grant_type", ""),
            server.create_token_response(_TokenRequest(address, request, fields)),
        )
        world.faults.strike("token", answer)
        return answer.response

    return [
        Route("/.well-known/openid-configuration", discovery),
        Route("/.well-known/jwks", keys),
        Route("/connect/token", token, methods=["POST"]),
        *client_routes(clients, tokens),
    ]


def _discovery(issuer: str, grant_types: list[str]) -> dict[str, object]:
    """OpenID Connect Discovery 1.0, 3; without the endpoints that the sandbox does not have."""
    return {
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks",
        "token_endpoint": f"{issuer}/connect/token",
        "grant_types_supported": grant_types,
        "scopes_supported": list(SCOPES),
        "response_types_supported": [],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": _CLIENT_AUTHENTICATION,
    }

"""The paths of the identity server, below its issuer.

Here belongs what stands where, and what the faults see of a program's visit. Not here: what an endpoint does
(``authority.py``, ``sign_in.py``).
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exepron_pipeline.sandbox.identity.authority import Authority
from exepron_pipeline.sandbox.identity.browser import Browsers
from exepron_pipeline.sandbox.identity.device import PAGE
from exepron_pipeline.sandbox.identity.discovery_document import ENDPOINTS, discovery_document
from exepron_pipeline.sandbox.identity.form_request import FormRequest, read_form
from exepron_pipeline.sandbox.identity.self_service import client_routes
from exepron_pipeline.sandbox.identity.sign_in import CONSENT, SignIn
from exepron_pipeline.sandbox.identity.subjects import Endpoint, Visit
from exepron_pipeline.sandbox.identity.tokens import AccessTokens
from exepron_pipeline.sandbox.limits import Limits
from exepron_pipeline.sandbox.refusals import Refusal
from exepron_pipeline.sandbox.world import World

Handler = Callable[[Request], Awaitable[Response]]
Answering = Callable[[FormRequest], Response]


def identity_routes(world: World, tokens: AccessTokens, limits: Limits) -> list[Route]:
    """What stands at which path."""
    authority = Authority(world, tokens, limits)
    sign_in = SignIn(authority, Browsers(urlsplit(tokens.issuer).path))
    visits = _Visits(authority)

    async def keys(_request: Request) -> Response:
        return JSONResponse(tokens.public_keys())

    async def counts(_request: Request) -> Response:
        return JSONResponse(authority.counts.document())

    answering: dict[Endpoint, Answering] = {
        "token": authority.create_token_response,
        "device_authorization": partial(authority.create_endpoint_response, "device_authorization"),
        "revocation": partial(authority.create_endpoint_response, "revocation"),
    }
    return [
        Route("/.well-known/openid-configuration", visits.discovery),
        Route(ENDPOINTS["jwks_uri"], keys),
        Route(ENDPOINTS["authorization_endpoint"], sign_in.authorize, methods=["GET", "POST"]),
        Route(CONSENT, sign_in.consent, methods=["POST"]),
        Route(PAGE, sign_in.device, methods=["GET", "POST"]),
        Route(ENDPOINTS["userinfo_endpoint"], visits.userinfo, methods=["GET", "POST"]),
        *(
            Route(ENDPOINTS[f"{name}_endpoint"], visits.form(name, answer), methods=["POST"])
            for name, answer in answering.items()
        ),
        Route("/connect/counts", counts),
        *client_routes(authority.clients, tokens),
    ]


@dataclass(frozen=True)
class _Visits:
    """Handlers of programs' requests, each disturbed before and after, and counted."""

    authority: Authority

    async def discovery(self, _request: Request) -> Response:
        return self._answer(Visit("discovery"), lambda: JSONResponse(discovery_document(self.authority)))

    async def userinfo(self, request: Request) -> Response:
        def answer() -> Response:
            claims = self.authority.issuer.tokens.bearer(request.headers.get("Authorization"), "openid")
            scopes = str(claims["scope"]).split()
            return JSONResponse(
                {"sub": claims["sub"], **self.authority.directory.claims(int(claims["sub"]), scopes)}
            )

        return self._answer(Visit("userinfo"), answer)

    def form(self, endpoint: Endpoint, answer: Answering) -> Handler:
        async def handle(request: Request) -> Response:
            address = f"{self.authority.issuer_url}/{endpoint}"
            read = FormRequest(address, request.method, request.headers, await read_form(request))
            visit = Visit(endpoint, read.payload.grant_type or "", read.client_authentication)
            return self._answer(visit, lambda: answer(read))

        return handle

    def _answer(self, visit: Visit, answer: Callable[[], Response]) -> Response:
        faults = self.authority.world.faults
        faults.strike("visit", visit)
        if visit.response is None:
            visit.response = _answered(answer)
            faults.strike("answer", visit)
        self.authority.counts.note(visit)
        return visit.response


def _answered(answer: Callable[[], Response]) -> Response:
    """What it answers, also where it refuses."""
    try:
        return answer()
    except Refusal as refusal:
        return refusal.response()

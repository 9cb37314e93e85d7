"""The page on which users manage their API clients, as JSON.

Here belong listing, adding and deactivating one's own clients. Not here: what a client may do
(``clients.py``). The real page is a form for people below the same path; a user may have ten active
clients.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exepron_pipeline.sandbox.identity.clients import Clients, TooManyClients
from exepron_pipeline.sandbox.identity.tokens import AccessTokens

_PATH = "/Account/Manage/ApiClients"


def client_routes(clients: Clients, tokens: AccessTokens) -> list[Route]:
    """The paths of the page, below the issuer; who asks is known by their access token."""

    def user_of(request: Request) -> int:
        return tokens.user_of(request.headers.get("Authorization"))

    def show(request: Request) -> Response:
        return JSONResponse([client.client_id for client in clients.of_user(user_of(request))])

    def add(request: Request) -> Response:
        try:
            client = clients.add(user_of(request))
        except TooManyClients:
            return PlainTextResponse(f"The limit of {clients.limit} active API clients is reached.", 400)
        return JSONResponse({"client_id": client.client_id, "client_secret": client.secret}, 201)

    def remove(request: Request) -> Response:
        found = clients.remove(user_of(request), request.path_params["client_id"])
        return Response(status_code=204) if found else PlainTextResponse("Not Found", 404)

    return [
        Route(_PATH, show),
        Route(_PATH, add, methods=["POST"]),
        Route(f"{_PATH}/{{client_id}}", remove, methods=["DELETE"]),
    ]

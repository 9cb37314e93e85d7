"""The embedded Exepron as a web application: identity server, API, and a page that says what it is.

Here belongs the way of one API request from token to rows. Not here: each step of it, which has its own
module, and the process around it (``server.py``).
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route

from exepron_pipeline.sandbox.generations import G2, Generation
from exepron_pipeline.sandbox.identity import identity_routes
from exepron_pipeline.sandbox.query import plan_query, read_options
from exepron_pipeline.sandbox.refusals import NotFound, Refusal
from exepron_pipeline.sandbox.render import fetch_rows
from exepron_pipeline.sandbox.scope import find_caller, resolve
from exepron_pipeline.sandbox.tokens import AccessTokens
from exepron_pipeline.sandbox.world import World

_ABOUT = """\
This is a simulation: invented projects behind an API in the style of Exepron's, for the tests and the first
run of exepron-pipeline. It is not affiliated with Exepron, and nothing here says what Exepron's service does.

API       {base}{api}
Identity  {base}/identity
Health    {base}/health
"""


def create_app(
    world: World,
    base_url: str,
    *,
    folder_mark: str = "",
    generation: Generation = G2,
    token_lifetime: int = 3600,
) -> Starlette:
    """The application, to be served at ``base_url`` (its tokens are bound to that address).

    Args:
        world: The portfolio that it serves.
        base_url: Scheme, host and port, without a slash at the end.
        folder_mark: What ``/health`` says of the data folder (``state.folder_mark``).
        generation: The shape of the API.
        token_lifetime: Of access tokens, in seconds.
    """
    tokens = AccessTokens.of_seed(f"{base_url}/identity", world.seed, token_lifetime)

    def api(request: Request) -> Response:
        return _answer(request, world, tokens, generation)

    def health(_request: Request) -> Response:
        return JSONResponse(_health(world, folder_mark, generation))

    def about(_request: Request) -> Response:
        return PlainTextResponse(_ABOUT.format(base=base_url, api=generation.bases[0]))

    return Starlette(
        routes=[
            Route("/", about),
            Route("/health", health),
            Mount("/identity", routes=identity_routes(world, tokens)),
            *(Route(f"{base}/{{path:path}}", api) for base in generation.bases),
        ],
        exception_handlers={Refusal: _refuse},
    )


def _answer(request: Request, world: World, tokens: AccessTokens, generation: Generation) -> Response:
    user_id = tokens.user_of(request.headers.get("Authorization"))
    found = generation.find(request.path_params["path"])
    if found is None:
        raise NotFound("Not Found")
    endpoint, numbers = found
    with world.today() as portfolio:
        caller = find_caller(portfolio, user_id)
        scope = resolve(endpoint, numbers, caller, portfolio)
        options = read_options(request.query_params.multi_items(), generation)
        hidden = caller.hidden(endpoint.entity_set)
        query = plan_query(endpoint.entity_set, options, hidden, generation.page_cap)
        rows = fetch_rows(portfolio.connection, query, scope.conditions, scope.binds)
    before, after = generation.envelope
    return Response(f"{before}[{rows}]{after}", media_type="application/json; charset=utf-8")


def _health(world: World, folder_mark: str, generation: Generation) -> dict[str, object]:
    with world.today() as portfolio:
        return {
            "sandbox": "a simulation, not affiliated with Exepron",
            "portfolio": {"seed": portfolio.seed, "size": portfolio.size, "day": portfolio.day},
            "generation": generation.name,
            "data_folder": folder_mark,
            "username": world.service_user()["email"],
        }


def _refuse(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    return refusal.response()

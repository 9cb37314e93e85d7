"""The embedded Exepron as a web application: identity server, API, and pages that say what it is.

Here belongs what stands at which address. Not here: the way of an API request (``api.py``), sign-in
(``identity``), and the process around it (``server.py``).
"""

from collections.abc import Callable
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exepron_pipeline.sandbox.api import Api
from exepron_pipeline.sandbox.console import PATH as CONSOLE
from exepron_pipeline.sandbox.console import console_routes
from exepron_pipeline.sandbox.generations import Generation
from exepron_pipeline.sandbox.identity.routes import identity_routes
from exepron_pipeline.sandbox.identity.tokens import AccessTokens
from exepron_pipeline.sandbox.limits import limits_of
from exepron_pipeline.sandbox.offer import Offer
from exepron_pipeline.sandbox.profiles import service
from exepron_pipeline.sandbox.refusals import Refusal
from exepron_pipeline.sandbox.world import World

_ABOUT = """\
This is a simulation: invented projects behind an API in the style of Exepron's, for the tests and the first
run of exepron-pipeline. It is not affiliated with Exepron, and nothing here says what Exepron's service does.

API       {base}{api}
Identity  {base}/identity
Console   {base}{console}
Health    {base}/health
Faults    {base}/faults
Counts    {base}/identity/connect/counts
"""


def create_app(
    world: World, base_url: str, *, folder_mark: str = "", offer: Offer | None = None
) -> Starlette:
    """The application, to be served at ``base_url`` (its tokens are bound to that address).

    Args:
        world: The portfolio that it serves, and the faults that disturb it (those of ``offer`` do not count
            here: see ``service.py``).
        base_url: Scheme, host and port, without a slash at the end.
        folder_mark: What ``/health`` says of the data folder (``state.folder_mark``).
        offer: Generation, profile, stamps and limits; without: as usual.

    Raises:
        SandboxError: a limit that does not exist.
    """
    chosen = offer or Offer()
    generation, limits = service(chosen.generation, chosen.profile), limits_of(chosen.limits)

    def clock() -> float:
        return world.clock() + limits.clock

    tokens = AccessTokens.of_seed(f"{base_url}/identity", world.seed, limits.token_lifetime, clock)
    api = Api(world, tokens, generation, limits, base_url, chosen.stamps)

    def answer(request: Request) -> Response:
        return api.answer(request)

    def health(_request: Request) -> Response:
        return JSONResponse(_health(world, folder_mark, chosen))

    def faults(_request: Request) -> Response:
        return JSONResponse(world.faults.hits())

    def about(_request: Request) -> Response:
        return PlainTextResponse(_ABOUT.format(base=base_url, api=generation.bases[0], console=CONSOLE))

    return Starlette(
        routes=[
            Route("/", about),
            Route("/health", health),
            Route("/faults", faults),
            *console_routes(generation),
            Mount("/identity", routes=identity_routes(world, tokens, limits)),
            *_below(generation, answer),
        ],
        middleware=[Middleware(_Dated, clock=clock)],
        exception_handlers={Refusal: _refuse},
    )


def _below(generation: Generation, answer: Callable[[Request], Response]) -> list[Route]:
    return [Route(f"{base}/{{path:path}}", answer) for base in generation.bases]


class _Dated:
    """Puts the time of the server's clock into every answer (RFC 9110, 6.6.1)."""

    def __init__(self, app: ASGIApp, clock: Callable[[], float]) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                now = formatdate(self._clock(), usegmt=True)
                message = {**message, "headers": [(b"date", now.encode()), *message["headers"]]}
            await send(message)

        await self._app(scope, receive, dated)


def _health(world: World, folder_mark: str, offer: Offer) -> dict[str, object]:
    with world.today() as portfolio:
        return {
            "sandbox": "a simulation, not affiliated with Exepron",
            "portfolio": {"seed": portfolio.seed, "size": portfolio.size, "day": portfolio.day},
            "generation": offer.generation,
            "profile": offer.profile,
            "offer": offer.arguments(),
            "faults": world.faults.hits(),
            "data_folder": folder_mark,
            "username": world.service_user()["email"],
        }


def _refuse(_request: Request, refusal: Exception) -> Response:
    if not isinstance(refusal, Refusal):
        raise refusal
    return refusal.response()

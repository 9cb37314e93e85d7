"""The way of one API request, from its token to the rows.

Here belongs the order of the steps. Not here: each step, which has its own module, and the application
around it (``app.py``).
"""

import math
from dataclasses import dataclass, field
from email.utils import formatdate

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exepron_pipeline.sandbox import metadata
from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.generations import Endpoint, Generation
from exepron_pipeline.sandbox.identity.tokens import AccessTokens
from exepron_pipeline.sandbox.limits import Limits, RateLimit
from exepron_pipeline.sandbox.offer import Stamps
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.query import Query, plan_query, read_options
from exepron_pipeline.sandbox.reading import Readings
from exepron_pipeline.sandbox.refusals import NotFound
from exepron_pipeline.sandbox.render import count_rows, fetch_rows
from exepron_pipeline.sandbox.scope import Scope, find_caller, resolve
from exepron_pipeline.sandbox.world import World

_JSON = "application/json; charset=utf-8"


@dataclass
class Api:
    """Answers every request below the bases of one generation."""

    world: World
    tokens: AccessTokens
    generation: Generation
    limits: Limits
    origin: str
    stamps: Stamps = "utc"
    _readings: Readings = field(default_factory=Readings, repr=False)

    def __post_init__(self) -> None:
        self._rate = RateLimit(self.limits.rate) if self.limits.rate else None

    def answer(self, request: Request) -> Response:
        """The response, whatever the request.

        Raises:
            Refusal: it gets no rows.
        """
        authorization = request.headers.get("Authorization")
        user_id = self.tokens.user_of(authorization)
        if self._rate and (seconds := self._rate.wait(user_id)):
            return self._too_many(seconds)
        path, base = request.path_params["path"], self._base(request)
        if (description := self._description(path, base)) is not None:
            return description
        found = self.generation.find(path)
        if found is None:
            raise NotFound("Not Found")
        with self.world.today() as portfolio:
            uses = self._readings.uses_of(authorization or "")
            exchange = self._exchange(request, found[0], portfolio, user_id, uses)
            return self._serve(exchange, found[1])

    def _exchange(
        self, request: Request, endpoint: Endpoint, portfolio: Portfolio, user_id: int, uses: int
    ) -> Exchange:
        caller = find_caller(portfolio, user_id, self.limits)
        zone = portfolio.zone_of(caller.account_id) if self.stamps == "local" else None
        options = read_options(request.query_params.multi_items(), self.generation.options)
        reading = self._readings.of(user_id, request.path_params["path"])
        reading.begin_page(options, endpoint.view.key[0])
        return Exchange(
            request, self.generation, endpoint, portfolio, self.origin, self._base(request), uses, reading,
            caller, endpoint.view, options, self.limits.paging(self.generation.paging), zone, self.generation.writers(zone),
        )  # fmt: skip

    def _serve(self, exchange: Exchange, numbers: dict[str, int]) -> Response:
        faults = self.world.faults
        faults.strike("request", exchange)
        if exchange.response is not None:
            return exchange.response
        scope = resolve(exchange.endpoint, numbers, exchange.caller, exchange.portfolio)
        exchange.view = exchange.caller.view(exchange.view)
        faults.strike("question", exchange)
        query = plan_query(
            exchange.view, exchange.options, exchange.paging, self.generation.forms, exchange.zone
        )
        self._fill(exchange, query, scope)
        faults.strike("page", exchange)
        page = exchange.page
        body = page.rows[0] if page.single and page.rows else self.generation.envelope(page)
        exchange.response = Response(body, media_type=_JSON)
        faults.strike("response", exchange)
        return exchange.response

    def _fill(self, exchange: Exchange, query: Query, scope: Scope) -> None:
        """Put the rows, their number and the next link on the page."""
        connection, page = exchange.portfolio.connection, exchange.page
        exchange.window = query.window
        page.rows, more = fetch_rows(connection, query, scope.conditions, scope.binds, exchange.writers)
        page.context = f"{exchange.base}/$metadata#{exchange.endpoint.set_name}"
        if query.counts and self.generation.counts:
            page.count = count_rows(connection, query, scope.conditions, scope.binds)
        offset = query.window.next_offset(len(page.rows), more=more)
        page.next_link = None if offset is None else exchange.link(str(offset))
        exchange.reading.rows = list(page.rows)
        exchange.reading.first_link = exchange.reading.first_link or page.next_link

    def _base(self, request: Request) -> str:
        """The address of the API as this request names it, whatever its Host header says."""
        path = request.url.path.removesuffix(request.path_params["path"])
        return f"{self.origin}{path.rstrip('/')}"

    def _description(self, path: str, base: str) -> Response | None:
        """What the service says of itself, where it does."""
        if self.generation.describes == "metadata" and path == "$metadata":
            return Response(metadata.csdl(self.generation), media_type="application/xml")
        if self.generation.describes == "metadata" and path == "":
            return Response(metadata.service_document(self.generation, base), media_type=_JSON)
        if self.generation.describes == "openapi" and path == "swagger/v1/swagger.json":
            return Response(metadata.openapi(self.generation, base), media_type=_JSON)
        return None

    def _too_many(self, seconds: float) -> Response:
        wait = math.ceil(seconds)
        headers = {
            "seconds": {"Retry-After": str(wait)},
            "date": {"Retry-After": formatdate(self.tokens.clock() + wait, usegmt=True)},
            "nothing": {},
        }
        return PlainTextResponse("API calls quota exceeded.", 429, headers[self.limits.retry_after])

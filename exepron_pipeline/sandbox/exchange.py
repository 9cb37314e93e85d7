"""One request on its way through the API, as the faults may touch it.

Here belongs what is known and decided so far. Not here: the steps (``api.py``), the faults (``faults``).
"""

from dataclasses import dataclass, field
from datetime import tzinfo

from starlette.requests import Request
from starlette.responses import Response

from exepron_pipeline.sandbox.envelope import Page
from exepron_pipeline.sandbox.generations import Endpoint, Generation
from exepron_pipeline.sandbox.paging import Paging, Window, link_to
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.reading import Reading
from exepron_pipeline.sandbox.scope import Caller
from exepron_pipeline.sandbox.views import View
from exepron_pipeline.sandbox.wire import Writers

_NO_WINDOW = Window(0, 0, None, links=False)


@dataclass
class Exchange:
    """A request whose sender and path are known; the later fields change on the way."""

    request: Request
    generation: Generation
    endpoint: Endpoint
    portfolio: Portfolio
    origin: str
    """Scheme, host and port of the server."""
    base: str
    """Address of the API."""
    uses: int
    """How often its token was used, this time included."""
    reading: Reading
    caller: Caller
    view: View
    options: dict[str, str]
    paging: Paging
    zone: tzinfo | None
    """Of stamps, where they are not in UTC."""
    writers: Writers
    window: Window = _NO_WINDOW
    page: Page = field(default_factory=lambda: Page([], ""))
    response: Response | None = None

    @property
    def address(self) -> str:
        """Of the path, without a query."""
        return f"{self.base}/{self.request.path_params['path']}"

    def link(self, token: str) -> str:
        """The address of the page that begins at a token, behind the rows of this one."""
        wanted = None if self.window.wanted is None else self.window.wanted - len(self.page.rows)
        return link_to(self.address, self.options, token, wanted)


@dataclass
class Tick:
    """A look at the server's clock, in seconds since 1970."""

    seconds: float

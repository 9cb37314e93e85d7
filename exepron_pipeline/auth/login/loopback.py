"""The loopback: a listener on this machine, to which the browser comes back (RFC 8252, 7.3).

Here: hearing of redirects, and showing a page for each. Not here: the port (``port.py``), whether a redirect is good
(``answer.py``).
"""

import queue
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from exepron_pipeline.auth.login.answer import is_answer
from exepron_pipeline.auth.login.page import HEADERS, page
from exepron_pipeline.auth.login.port import own_address, servers_at
from exepron_pipeline.errors import AuthRejectedError

_OVER = "This sign-in is over", "The terminal tells how it ended. You may close this window."
_SLOWEST = 10.0  # seconds that one connection may take to ask, and to be shown its page


class Redirect:
    """A browser that came back and waits for its page.

    ``query`` is what the identity server sent with it, and may hold a code.
    """

    def __init__(self, query: str) -> None:
        self.query = query
        self._page = b""
        self._is_decided, self._is_shown = threading.Event(), threading.Event()

    def show(self, title: str, text: str) -> None:
        """Give the browser its page, and wait until it has it."""
        self._page = page(title, text)
        self._is_decided.set()
        self._is_shown.wait(_SLOWEST)

    def wait_for_page(self) -> bytes:
        """Return the page. For the listener."""
        self._is_decided.wait()
        return self._page

    def note_shown(self) -> None:
        """Note that the browser has its page, or is gone. For the listener."""
        self._is_shown.set()


class Loopback:
    """Hears of redirects; made by `listen`."""

    def __init__(self, redirect_uri: str) -> None:
        self._redirect_uri = redirect_uri
        self._redirects: queue.Queue[Redirect] = queue.Queue()

    def wait(self, patience: float) -> Redirect:
        """Return the first redirect.

        Args:
            patience: Seconds to wait.

        Raises:
            AuthRejectedError: Nobody came back.

        """
        try:
            return self._redirects.get(timeout=patience)
        except queue.Empty:
            message = f"No browser came back to {self._redirect_uri} within {patience:.0f} seconds."
            hint = (
                "Run `exepron login` again and finish in the browser. When the browser is on another machine, use "
                "`exepron login --paste`. When it showed an error of the identity server, register exactly this "
                "address as the client's redirect URI."
            )
            raise AuthRejectedError(message, hint=hint) from None

    def come_back(self, query: str) -> Redirect:
        """Take in a browser. For the listener."""
        redirect = Redirect(query)
        self._redirects.put(redirect)
        return redirect

    def send_home(self) -> None:
        """Show those who came too late that it is over."""
        while True:
            try:
                self._redirects.get_nowait().show(*_OVER)
            except queue.Empty:
                return


@contextmanager
def listen(redirect_uri: str) -> Iterator[Loopback]:
    """Listen at the redirect URI for the time of the block.

    Raises:
        ConfigurationError: It is no address of this machine, or its port is in use.

    """
    parts = own_address(redirect_uri)
    loopback = Loopback(redirect_uri)
    with ExitStack() as stack:
        for server in servers_at(parts, _handler(loopback, parts.path or "/")):
            stack.enter_context(server)
            thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(server.shutdown)
        stack.callback(loopback.send_home)
        yield loopback


def _handler(loopback: Loopback, path: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _SLOWEST
        server_version, sys_version = "exepron", ""

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path != path:
                self.give(
                    HTTPStatus.NOT_FOUND, page("Nothing here", "This address belongs to exepron login.")
                )
            elif not is_answer(asked.query):
                self.give(
                    HTTPStatus.BAD_REQUEST, page("No answer", "This is where the identity server sends you.")
                )
            else:
                redirect = loopback.come_back(asked.query)
                try:
                    self.give(HTTPStatus.OK, redirect.wait_for_page())
                finally:
                    redirect.note_shown()

        def give(self, status: HTTPStatus, body: bytes) -> None:
            self.send_response(status)
            for name, value in {**HEADERS, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing: the address holds the code."""

    return Handler

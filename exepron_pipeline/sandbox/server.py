"""Serving an application on the loopback until told to stop.

Here belongs the one use of uvicorn. Not here: what is served (``app.py``), the child process around it
(``process.py``). The socket is bound first, so that a port in use is found before the data is made.
"""

import os
import socket
import threading
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette

from exepron_pipeline.sandbox import state


def listen_on(port: int) -> socket.socket:
    """A socket of the loopback for ``serve``; port 0 draws any.

    Raises:
        SandboxError: another program uses the port.
    """
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((state.HOST, port))
    except OSError as error:
        listener.close()
        raise state.port_in_use(port) from error
    return listener


class Server(uvicorn.Server):
    """Serves an application in the current thread (``run_on``) until ``should_exit`` is set."""

    def __init__(self, app: Starlette, ready: Callable[[], None] = lambda: None) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_level="warning",
                access_log=False,
                lifespan="off",
                ws="none",  # nobody speaks it here, and the library behind it warns
                date_header=False,  # the application knows what time it is for it
                timeout_graceful_shutdown=2,
            )
        )
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Starts, then says so."""
        await super().startup(sockets)
        self._ready()

    def run_on(self, listener: socket.socket) -> None:
        """Serve on this socket; returns when stopped, raises ``KeyboardInterrupt`` after Ctrl-C."""
        with listener:
            self.run(sockets=[listener])

    def stop_with_parent(self) -> None:
        """Stop when standard input ends, which it does when the process that holds the other end does."""
        threading.Thread(target=self._wait_for_end_of_input, daemon=True).start()

    def _wait_for_end_of_input(self) -> None:
        # os.read, since a thread that blocks in sys.stdin would hold its lock while Python shuts down
        while os.read(0, 1024):
            pass
        self.should_exit = True

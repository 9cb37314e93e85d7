"""The sandbox of a data folder, served in this process.

Here belongs what ties folder, portfolio, application and server together. Not here: each of them, and the
child process in which this mostly runs (``process.py``).
"""

from collections.abc import Callable
from pathlib import Path

from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.app import create_app
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.process import RunningSandbox
from exepron_pipeline.sandbox.server import Server, listen_on
from exepron_pipeline.sandbox.world import World


def serve(
    data_dir: Path,
    kept: state.SandboxState,
    ready: Callable[[RunningSandbox], None],
    *,
    token_lifetime: int = 3600,
    with_parent: bool = False,
) -> None:
    """Serve until stopped.

    Args:
        data_dir: The folder whose calendar is followed.
        kept: What the folder holds (``state.settle``).
        ready: Called once when requests are answered.
        token_lifetime: Of access tokens, in seconds.
        with_parent: Stop when standard input ends.

    Raises:
        SandboxError: another program uses the port.
        KeyboardInterrupt: after Ctrl-C.
    """
    listener = listen_on(kept.port)
    world = World(Portfolio(kept.seed, kept.size, kept.day), data_dir)
    running = RunningSandbox(data_dir, kept, str(world.service_user()["email"]), child=None)
    mark = state.folder_mark(data_dir)
    app = create_app(world, running.url, folder_mark=mark, token_lifetime=token_lifetime)
    server = Server(app, lambda: ready(running))
    if with_parent:
        server.stop_with_parent()
    server.run_on(listener)

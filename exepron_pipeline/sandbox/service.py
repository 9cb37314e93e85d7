"""The sandbox of a data folder, served in this process.

Here belongs what ties folder, portfolio, application and server together. Not here: each of them, and the
child process in which this mostly runs (``process.py``).
"""

from collections.abc import Callable
from pathlib import Path

from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.app import create_app
from exepron_pipeline.sandbox.faults.schedule import faults_of
from exepron_pipeline.sandbox.limits import limits_of
from exepron_pipeline.sandbox.offer import Offer
from exepron_pipeline.sandbox.portfolio import Portfolio
from exepron_pipeline.sandbox.process import RunningSandbox
from exepron_pipeline.sandbox.server import Server, listen_on
from exepron_pipeline.sandbox.world import World

_CACHE = "portfolio"
"""In the data folder: portfolios that take long to build."""


def serve(
    data_dir: Path,
    kept: state.SandboxState,
    ready: Callable[[RunningSandbox], None],
    *,
    offer: Offer | None = None,
    with_parent: bool = False,
) -> None:
    """Serve until stopped.

    Args:
        data_dir: The folder whose calendar is followed.
        kept: What the folder holds (``state.settle``).
        ready: Called once when requests are answered.
        offer: Generation, profile, stamps, limits and faults; without: as usual.
        with_parent: Stop when standard input ends.

    Raises:
        SandboxError: another program uses the port; a limit or fault that does not exist.
        KeyboardInterrupt: after Ctrl-C.
    """
    chosen = offer or Offer()
    faults = faults_of(chosen.faults)
    limits_of(chosen.limits)  # a mistake in it is told before the data is made
    listener = listen_on(kept.port)
    cache = None if kept.size == "small" else data_dir / _CACHE
    world = World(Portfolio(kept.seed, kept.size, kept.day, cache), data_dir, faults)
    running = RunningSandbox(data_dir, kept, str(world.service_user()["email"]), None, chosen.arguments())
    mark = state.folder_mark(data_dir)
    app = create_app(world, running.url, folder_mark=mark, offer=chosen)
    server = Server(app, lambda: ready(running))
    if with_parent:
        server.stop_with_parent()
    server.run_on(listener)

"""The portfolio as it stands today: the rows in memory, following the calendar in ``portfolio.json``.

Here belongs keeping both together while a server runs, with the server's clock and what goes wrong in it.
Not here: the rows (``portfolio.py``), the file (``state.py``), the faults themselves (``faults``).
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from exepron_pipeline.sandbox import state
from exepron_pipeline.sandbox.exchange import Tick
from exepron_pipeline.sandbox.faults.schedule import Faults
from exepron_pipeline.sandbox.functions import install
from exepron_pipeline.sandbox.portfolio import Portfolio


class World:
    """A portfolio that many requests read, one after the other.

    With a ``data_dir`` it moves on when the folder's calendar did; without, only its owner moves it.
    ``faults`` go wrong on the way; how often each did is counted there.
    """

    def __init__(
        self, portfolio: Portfolio, data_dir: Path | None = None, faults: Faults | None = None
    ) -> None:
        self.faults = Faults() if faults is None else faults
        self.seed = portfolio.seed
        self._portfolio = portfolio
        self._data_dir = data_dir
        self._seen: tuple[int, int] | None = None
        install(portfolio.connection)

    @contextmanager
    def today(self) -> Iterator[Portfolio]:
        """The portfolio of today, for one request alone.

        Raises:
            SandboxError: ``portfolio.json`` has become unreadable.
        """
        with self._portfolio.lock:
            self._follow()
            yield self._portfolio

    def service_user(self) -> dict[str, Any]:
        """The user with all permissions of the first account: for whom a client without user acts."""
        with self.today() as portfolio:
            return dict(portfolio.service_user(portfolio.accounts()[0]["accountId"]))

    def clock(self) -> float:
        """Seconds since 1970, as this server believes them to be."""
        tick = Tick(time.time())
        self.faults.strike("clock", tick)
        return tick.seconds

    def _follow(self) -> None:
        if self._data_dir is None:
            return
        mark = _mark(self._data_dir / state.FILE)
        if mark is None or mark == self._seen:
            return
        kept = state.read(self._data_dir)
        if kept is not None and kept.day > self._portfolio.day:
            self._portfolio.advance(kept.day - self._portfolio.day)
        self._seen = mark


def _mark(path: Path) -> tuple[int, int] | None:
    """Changes whenever the file is replaced; ``None`` when it is gone."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_mtime_ns, status.st_ino

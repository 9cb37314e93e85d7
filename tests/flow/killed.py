"""Runs of the engine that are killed at a given point. A script: it is told one run a line, and answers each with a line.

It imports everything once and forks for each run, so that a run costs what it does and not its imports. A point is
the n-th call that changes a file, sends something or talks to DuckDB, a time after the beginning, or the write with
which a file would become longer than so many bytes: that one strikes inside of DuckDB too, in the midst of its log
and its blocks. There is no hook in the product for any of this.
"""

import functools
import importlib
import itertools
import json
import os
import resource
import signal
import subprocess
import sys
import time
from typing import Any, Self

import duckdb
import pyarrow.dataset  # noqa: F401 # imported before the forks

from exepron_pipeline.engine import open_engine
from exepron_pipeline.errors import ExepronError
from exepron_pipeline.events import Notice
from exepron_pipeline.http import transport
from exepron_pipeline.settings import load_settings
from exepron_pipeline.summary import exit_code
from exepron_pipeline.sync import sync_all

CHANGES = {
    "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod",
    "fcntl.flock", "socket.connect", "shutil.rmtree",
}  # fmt: skip


class Points:
    """Counts points, and ends the process without a word at the one that was chosen."""

    def __init__(self, chosen: int | None, answer: int) -> None:
        self.passed = 0
        self._numbers, self._chosen, self._answer = itertools.count(1), chosen, answer
        self._pid = os.getpid()
        sys.addaudithook(self._audit)
        connect = duckdb.connect
        duckdb.connect = lambda *given, **more: Told(connect(*given, **more), self)  # type: ignore[assignment,method-assign]

    def reach(self, *where: object) -> None:
        """One point more; ``where`` is told when it is the chosen one."""
        self.passed = next(self._numbers)
        if self.passed == self._chosen:
            os.write(self._answer, json.dumps({"killed": " ".join(map(str, where))}).encode())
            os.kill(self._pid, signal.SIGKILL)

    def _audit(self, event: str, given: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(given[2], int) and given[2] & (os.O_WRONLY | os.O_RDWR)
        if writes or event in CHANGES:
            self.reach(event, *given[:1])


class Told:
    """A connection to DuckDB; each statement is a point."""

    def __init__(self, con: Any, points: Points) -> None:
        self._con, self._points = con, points

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def __getattr__(self, name: str) -> Any:
        if name in {"sql", "register", "close"}:
            self._points.reach(name)
        return getattr(self._con, name)

    def cursor(self) -> Self:
        """Another connection to the same."""
        return type(self)(self._con.cursor(), self._points)

    def execute(self, sql: str, *given: object) -> Any:
        """A statement."""
        self._points.reach("execute", sql[:40])
        return self._con.execute(sql, *given)


def run(order: dict[str, Any]) -> tuple[int, list[str]]:
    """Do what is ordered; give the exit code, and what was told."""
    told: list[str] = []
    if order["action"] == "dagster":
        return dagster_run(order), told
    with open_engine(load_settings(**order["settings"])) as engine:
        if order.get("memory"):
            engine.warehouse._memory_limit = order["memory"]
        engine.listen = lambda event: told.append(event.text) if isinstance(event, Notice) else None
        if order["action"] == "publish":
            engine.publish()
            return 0, told
        report = sync_all(engine, order["names"], mode=order["action"])
    told += [str(each.error) for each in report.entity_sets.values() if each.error]
    return exit_code(report), told


def dagster_run(order: dict[str, Any]) -> int:
    """What ``make run`` does, in silence."""
    settings = {f"EXEPRON_{name.upper()}": value for name, value in order["settings"].items()}
    own = {"DAGSTER_HOME": order["home"], "EXEPRON_CATALOGUE": order["catalogue"]}
    os.environ.update(settings | own)
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)
    code: int = importlib.import_module("exepron_pipeline.orchestration.run").run()
    return code


def child(order: dict[str, Any], answer: int) -> None:
    """The forked process."""
    if order.get("seconds"):
        signal.setitimer(signal.ITIMER_REAL, order["seconds"])  # its signal ends the process, wherever it is
    if order.get("bytes"):
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # Python ignores it
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (order["bytes"], order["bytes"]))
    points, began = Points(order.get("point"), answer), time.monotonic()
    code, told = run(order)
    signal.setitimer(signal.ITIMER_REAL, 0)
    found = {"code": code, "points": points.passed, "seconds": time.monotonic() - began, "told": told}
    os.write(answer, json.dumps(found).encode())


def main() -> None:
    """Fork for each line of the standard input."""
    transport.tls_context = functools.cache(transport.tls_context)  # the dearest part of a small run
    transport.tls_context(transport.httpx.create_ssl_context, None, None)
    for line in sys.stdin:
        order = json.loads(line)
        if "shell" in order:  # for what only this process sees: its mounts
            done = subprocess.run(order["shell"], shell=True, check=False)
            sys.stdout.write(f"{json.dumps({'code': done.returncode})}\n")
            sys.stdout.flush()
            continue
        if order["action"] == "dagster":
            importlib.import_module("exepron_pipeline.orchestration.run")
        here, there = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                child(order, there)
            except ExepronError as error:
                os.write(there, json.dumps({"code": error.exit_code, "told": [str(error)]}).encode())
            except BaseException as error:  # noqa: BLE001 # a forked process must not go on as its parent
                os.write(there, json.dumps({"code": -1, "told": [repr(error)]}).encode())
            finally:
                os._exit(0)
        os.close(there)
        with os.fdopen(here) as answers:
            found = answers.read()
        os.waitpid(pid, 0)
        sys.stdout.write(f"{found or json.dumps({'killed': 'somewhere'})}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""A service that changes while it is read, in the words of each dialect, over real HTTP. Not here: expectations.

Rows, conditions, orders and pages are those of the service in memory of the tests of ``odata``; here they get the
wrapping and the literals of a dialect, and changes between two requests.
"""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

from exepron_pipeline.errors import EntitySetMissingError, RequestRejectedError

BASE = "/data/v9/"
EPOCH = datetime(2026, 3, 11, tzinfo=UTC)
CATALOGUE = """
replace: true
entity_sets:
  things:
    description: "Things that come and go."
    evidence: confirmed
    key: thing_id
    cursor: changed_at
    sources:
      - {{path: Things, generation: {generation}}}
    columns:
      thing_id: {{type: {key_type}, wire: id, nullable: false, description: "Identifies the thing."}}
      amount: {{type: "decimal(18,4)", wire: amount, description: "An exact amount."}}
      number: {{type: int, wire: number, description: "A number beyond 53 bits."}}
      changed_at: {{type: timestamp, wire: changedAt, description: "When it changed."}}
"""

SPEECHES = {
    "OData 2": ("odata2", "verbose"),
    "OData 3 verbose": ("odata3", "verbose"),
    "OData 3 light": ("odata3", "light"),
    "OData 4": ("odata4", "value"),
    "the first generation": ("g1", "items"),
    "bare lists": ("g2", "bare"),
    "the third generation": ("g3", "value"),
}
"""Dialect and wrapping by name."""


@dataclass
class Life:
    """Changes the rows before the requests that a schedule names; a key that was given up never comes back."""

    changes: dict[int, tuple[str, int]]
    key_of: Callable[[int], Any]
    moment: int = 0
    happened: int = 0
    used: set[int] = field(default_factory=set)
    requests: int = 0

    def born(self, number: int) -> dict[str, Any]:
        """A row that was written now."""
        self.used.add(number)
        return {"id": self.key_of(number), **self._now()}

    def __call__(self, service: Any) -> None:
        """Let happen what is due before this request."""
        self.requests += 1
        kind, which = self.changes.get(self.requests, ("", 0))
        rows = service.records
        if kind == "insert":
            fresh = which if which not in self.used else 1_000 + self.moment
            rows.insert(which % (len(rows) + 1), self.born(fresh))
        elif kind == "update" and rows:
            rows[which % len(rows)] |= self._now()
        elif kind == "delete" and rows:
            rows.pop(which % len(rows))
        self.happened += bool(kind)

    def _now(self) -> dict[str, Any]:
        self.moment += 1
        stamp = f"{EPOCH + timedelta(seconds=self.moment):%Y-%m-%dT%H:%M:%SZ}"
        amount, number = f"{self.moment}.1001", 9_007_199_254_740_993 + self.moment
        return {"amount": amount, "number": number, "changedAt": stamp}


def living(fake: ModuleType, wrapping: str, **options: Any) -> Any:
    """Make a service in memory with this wrapping; ``options`` are those of `FakeService`."""

    class Living(fake.FakeService):  # type: ignore[misc,name-defined]  # a module that was loaded by its path
        def _selected(self, row: dict[str, Any], select: str | None) -> dict[str, Any]:
            chosen = super()._selected(row, select)
            return _verbose(chosen) if wrapping == "verbose" else chosen

        def _wrap(
            self, page: list[Any], count: int | None, link: str | None
        ) -> tuple[object, dict[str, str]]:
            return _wrapped(wrapping, page, count, link, self.base_url)

    return Living([], key=("id",), paths=frozenset({"Things"}), envelope="links", **options)


def _verbose(row: dict[str, Any]) -> dict[str, Any]:
    """A row as OData 2 writes it: metadata, what is deferred, 64 bits as text, old stamps."""
    written = dict(row)
    if "number" in row:
        written["number"] = str(row["number"])
    if "changedAt" in row:
        milliseconds = round(datetime.fromisoformat(row["changedAt"]).timestamp() * 1000)
        written["changedAt"] = f"/Date({milliseconds})/"
    return {
        "__metadata": {"uri": f"Things({row['id']})", "type": "Model.Thing"},
        **written,
        "parts": {"__deferred": {"uri": f"Things({row['id']})/parts"}},
    }


def _wrapped(
    wrapping: str, page: list[Any], count: int | None, link: str | None, base: str
) -> tuple[object, dict[str, str]]:
    if wrapping == "bare":
        return page, {}
    absolute = f"{base}{link}" if link else None
    named: dict[str, dict[str, Any]] = {
        "verbose": {"results": page, "__count": None if count is None else str(count), "__next": absolute},
        "light": {
            "value": page,
            "odata.count": None if count is None else str(count),
            "odata.nextLink": link,
        },
        "items": {"Items": page, "Count": count, "NextPageLink": absolute},
        "value": {"value": page, "@odata.count": count, "@odata.nextLink": link},
    }
    document = {name: value for name, value in named[wrapping].items() if value is not None}
    return ({"d": document} if wrapping == "verbose" else document), {}


def truth(service: Any) -> dict[Any, tuple[Any, ...]]:
    """What a table must hold of the rows: exact values by key."""
    return {
        row["id"]: (Decimal(row["amount"]), row["number"], datetime.fromisoformat(row["changedAt"]))
        for row in service.records
    }


class Stage:
    """An HTTP server behind which one service after the other is put."""

    def __init__(self) -> None:
        self.service: Any = None
        self.url = ""

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body for a GET."""
        try:
            return 200, self.service.get(target.removeprefix(BASE)).body
        except RequestRejectedError as error:
            return 400, json.dumps({"error": {"message": error.detail}}).encode()
        except EntitySetMissingError as error:
            return 404, json.dumps({"error": {"message": str(error)}}).encode()


@contextmanager
def stage() -> Iterator[Stage]:
    """Run a server for the time of the block."""
    here = Stage()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, body = here.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        here.url = f"http://127.0.0.1:{server.server_address[1]}{BASE}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield here
        finally:
            server.shutdown()
            thread.join()

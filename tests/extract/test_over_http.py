import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType
from typing import Any

import pytest

from exepron_pipeline.catalogue.model import EntitySet
from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.extract.plan import plan_read
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.reader import read
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.service import Service

BASE = "/api/v1/"


class Tokens:
    """Always the same token."""

    def token(self) -> str:
        """Give it."""
        return "token"

    def renew(self, refused: str) -> str:
        """Give it again."""
        return "token"

    def not_granted(self) -> tuple[str, ...]:
        """Lack nothing."""
        return ()


@pytest.fixture
def served(fake: ModuleType) -> Iterator[Any]:
    """A service in memory behind a real HTTP server; its ``base_url`` says where."""
    service = fake.FakeService([])

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                answer = service.get(self.path.removeprefix(BASE))
            except RequestRejectedError as error:
                self._send(400, {}, json.dumps({"error": {"message": error.detail}}).encode())
            else:
                self._send(200, answer.headers, answer.body)

        def _send(self, status: int, headers: Any, body: bytes) -> None:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    service.base_url = f"http://127.0.0.1:{server.server_port}{BASE}"
    yield service
    server.shutdown()
    server.server_close()
    thread.join()


def test_parts_are_read_over_connections_side_by_side(
    fake: ModuleType, served: Any, tasks: EntitySet, spool: Spool
) -> None:
    """Over real HTTP, many pages in several parts bring every record once, whatever changes meanwhile."""
    served.records = [
        {"taskId": number, "lastModifiedOn": "2026-03-11T12:00:00Z"} for number in range(0, 1_200, 3)
    ]
    served.envelope, served.counts = "value", True

    def change(service: Any) -> None:
        if len(service.asked) == 12:
            service.records.pop(0)
            service.records.append({"taskId": 4, "lastModifiedOn": "2026-03-12T12:00:00Z"})

    served.before = change
    plan = plan_read(tasks, account_id="5", user_id=None, generation="g3")
    with Transport(timeout=30, concurrency=4) as transport:
        service = Service(served.base_url, transport, Tokens(), Throttle(0, 4))
        decode = fake.decoder(("taskId",), DIALECTS["g3"])
        result = read(plan, service, DIALECTS["g3"], decode, spool, page_size=20)
    keys = [record["taskId"] for record in fake.records_of(result)]
    assert len(keys) == len(set(keys))
    assert set(keys) - {4} == set(range(0, 1_200, 3))
    assert (result.complete, len(served.asked)) == (True, result.requests)


@pytest.mark.parametrize(("envelope", "dialect"), [("bare", "g2"), ("links", "odata4"), ("d", "odata2")])
def test_questions_arrive_as_they_were_written(
    fake: ModuleType, served: Any, tasks: EntitySet, spool: Spool, envelope: str, dialect: str
) -> None:
    """Over real HTTP, with keys full of what URLs treat specially, every record comes once."""
    awkward = ["O'Brien's", "100% +1", "a&b=c", "ö/ü", "x y", "#?", "z or w", "日本"]
    served.records = [{"taskId": n % 3, "code": text} for n, text in enumerate(awkward)]
    served.envelope, served.cap, served.cap_refuses = envelope, 2, True
    code = tasks.columns[1].model_copy(update={"name": "code"})
    update = {"key": ("task_id", "code"), "columns": (tasks.columns[0], code), "cursor": None}
    plan = plan_read(tasks.model_copy(update=update), account_id="5", user_id=None, generation=dialect)
    speaks, profile = DIALECTS[dialect], Profile()
    with Transport(timeout=30) as transport:
        service = Service(served.base_url, transport, Tokens(), Throttle(0, 4))
        decode = fake.decoder(("taskId", "code"), speaks)
        result = read(plan, service, speaks, decode, spool, profile=profile)
    assert sorted(record["code"] for record in fake.records_of(result)) == sorted(awkward)
    assert (result.evidence, profile.page_limit("tasks")) == ("exhausted", 2)
    assert result.requests == service.requests == len(served.asked)

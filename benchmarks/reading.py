#!/usr/bin/env python3
"""How much longer reading takes than a bare download: ratios, from one run on one machine.

Run it from a checkout, and give it two idle cores::

    .venv/bin/python benchmarks/reading.py [--rows N] [--page N] [--in-flight N] [--rounds N] [--latency MS]

A server of its own, in its own process, hands out records of 36 fields and about 1.26 KB from memory. Each
round does all of these, one after the other, and what is printed is the median of the rounds:

- ``sockets``: every page over plain sockets, thrown away. What the server can do; it must be much less than
  ``bare``, or the server is what is measured.
- ``bare``: every page through the product's own transport, as many at once as are in flight. The base.
- ``read``: the whole walk with its questions and its proof of completeness, before decoding: a page is only
  looked at for its first and last key.
- ``parser``: Arrow's JSON parser alone, on pages that are in memory, as many at once as there are cores: what
  ``decoded`` cannot be below, whatever we do.
- ``decoded``: the same as ``read``, each page decoded to Arrow tables with exact types.
- ``spooled``: all of reading: each page is kept on disk besides, raw and decoded, in a temporary folder.
- ``distant`` (with ``--latency``): ``decoded``, while each answer takes that long. Its base is the larger of
  pages x latency / in flight and ``decoded``.

``cpu`` is the processor time of this process, user and system: it tells on a busy machine what ``wall`` cannot.
Nothing is written but the table.
"""

import argparse
import json
import os
import random
import re
import socket
import socketserver
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pyarrow as pa
from pyarrow import json as arrow_json

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.extract.plan import ReadPlan, plan_read
from exepron_pipeline.extract.profile import Profile
from exepron_pipeline.extract.reader import read
from exepron_pipeline.extract.result import arrival
from exepron_pipeline.extract.spool import Spool
from exepron_pipeline.extract.style import Style, question
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.normalise import Decoder
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.page import Envelope
from exepron_pipeline.odata.paging import Walk
from exepron_pipeline.odata.service import Service

GENERATION = "odata4"
PATH = "Things"
FIELDS = {
    "text": ("text", 12),
    "number": ("int", 9),
    "amount": ("decimal(12,2)", 6),
    "moment": ("timestamp", 6),
}
NAMES = (
    "Foundations",
    "Steel frame, level 3",
    "O'Brien's façade",
    "Commissioning of the west wing",
    "Handover",
)
STEP = 3  # from one key to the next: nothing may rely on keys without gaps
TIMEOUT = 60.0  # seconds


# -- the server, in its own process ------------------------------------------------------------------


def _record(chance: random.Random) -> bytes:
    """All fields of a record but its key, as the end of a JSON object."""
    texts = {f"text{i}": f"{chance.choice(NAMES)} {chance.randint(1, 9999)}" for i in range(12)}
    numbers = {f"number{i}": chance.randint(0, 10**7) for i in range(9)}
    amounts = {f"amount{i}": chance.randint(0, 10**7) / 100 for i in range(6)}
    moments = {f"moment{i}": f"2026-{chance.randint(1, 12):02}-1{i}T08:30:00.{i}Z" for i in range(6)}
    rest = {"isDone": chance.random() < 0.5, "note": "As agreed with the site manager. " * 11}  # noqa: PLR2004 # even odds
    fields = texts | numbers | amounts | moments | rest
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()[1:]


class Records:
    """All records, rendered once; answers OData questions about them, each rendered once too."""

    def __init__(self, count: int) -> None:
        chance = random.Random(1)  # noqa: S311 # the same records every time
        endings = [_record(chance) for _ in range(2_000)]
        self.keys = range(0, count * STEP, STEP)
        self.texts = [b'{"id":%d,%b' % (key, endings[at % len(endings)]) for at, key in enumerate(self.keys)]
        self.answer = lru_cache(maxsize=None)(self._answer)

    def _answer(self, target: str) -> bytes:
        """The whole answer to a request, head and body."""
        options = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
        begin, end = self._range(options.get("$filter", ""))
        skip, top = int(options.get("$skip", 0)), int(options.get("$top", end))
        if options.get("$orderby", "").endswith(" desc"):
            part = self.texts[begin:end][::-1][skip : skip + top]
        else:
            part = self.texts[begin:end][skip : skip + top]
        count = b'"@odata.count":%d,' % (end - begin) if options.get("$count") == "true" else b""
        body = b'{%b"value":[%b]}' % (count, b",".join(part))
        return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (
            len(body),
            body,
        )

    def _range(self, condition: str) -> tuple[int, int]:
        bounds = dict(re.findall(r"id (gt|le) (\d+)", condition))
        begin = bisect_right(self.keys, int(bounds["gt"])) if "gt" in bounds else 0
        return begin, bisect_right(self.keys, int(bounds["le"])) if "le" in bounds else len(self.keys)


def serve(count: int, latency: float) -> None:
    """Answer until the process is ended; the port is the first line of the output."""
    records = Records(count)

    class Connection(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while request := self.rfile.readline():
                while self.rfile.readline().strip():
                    pass
                time.sleep(latency)
                self.connection.sendall(records.answer(request.split()[1].decode()))

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Connection) as server:
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


@contextmanager
def server(rows: int, latency: float) -> Iterator[int]:
    """A running server; gives its port."""
    command = [sys.executable, __file__, "--serve", "--rows", str(rows), "--latency", str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 # this very file
        try:
            yield int(process.stdout.readline()) if process.stdout else 0
        finally:
            process.terminate()


# -- what is measured --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Undecoded:
    """A page that was only looked at."""

    rows: int
    first_key: tuple[int] | None
    last_key: tuple[int] | None
    envelope: Envelope
    keys_ascending: bool = True


def look(body: bytes, headers: Mapping[str, str]) -> Undecoded:  # noqa: ARG001 # what a decoder is called with
    """Find what paging has to know at the two ends of a page."""
    begin, end = body[:80], body[body.rfind(b'{"id":') :][:80]
    count = re.match(rb'\{"@odata.count":(\d+)', begin)
    envelope = Envelope(int(count[1]) if count else None)
    first, last = (re.search(rb'\{"id":(\d+)', part) for part in (begin, end))
    if not first or not last:
        return Undecoded(0, None, None, envelope)
    keys = int(first[1]), int(last[1])
    return Undecoded((keys[1] - keys[0]) // STEP + 1, keys[:1], keys[1:], envelope)


class Tokens:
    """A token for a server that looks at none."""

    def token(self) -> str:
        """One of about the usual size."""
        return "x" * 800

    def renew(self, refused: str) -> str:
        """Never asked for."""
        raise NotImplementedError(refused)

    def not_granted(self) -> tuple[str, ...]:
        """Nothing is missing."""
        return ()


def _things() -> EntitySet:
    types = {f"{name}{i}": type_ for name, (type_, count) in FIELDS.items() for i in range(count)}
    types = {"id": "int", **types, "isDone": "bool", "note": "text"}
    columns = [
        {"name": name.lower(), "wire": name, "type": type_, "description": name}
        for name, type_ in types.items()
    ]
    source = {"path": PATH, "source": "client", "confidence": "H"}
    return EntitySet.model_validate(
        {
            "name": "things",
            "description": "Records.",
            "evidence": "confirmed",
            "key": ["id"],
            "columns": columns,
            "sources": [source],
        }
    )


THINGS = _things()
DIALECT = DIALECTS["odata4"]


@dataclass(frozen=True)
class Bench:
    """What all measurements share."""

    port: int
    rows: int
    page: int
    in_flight: int
    transport: Transport

    @property
    def targets(self) -> list[str]:
        """The pages, by place."""
        return [
            f"/odata/{PATH}?{quote(f'$top={self.page}&$skip={skip}', safe='$=&')}"
            for skip in range(0, self.rows, self.page)
        ]

    def sockets(self) -> None:
        """Every page over plain sockets."""
        local = threading.local()

        def fetch(target: str) -> None:
            if not hasattr(local, "file"):
                local.socket = socket.create_connection(("127.0.0.1", self.port))
                local.file, local.room = local.socket.makefile("rb", 1 << 16), bytearray(1 << 18)
            local.socket.sendall(f"GET {target} HTTP/1.1\r\n\r\n".encode())
            heads = iter(local.file.readline, b"\r\n")
            left = next(int(head[15:]) for head in [*heads] if head.startswith(b"Content-Length:"))
            while left:
                left -= local.file.readinto(memoryview(local.room)[:left])

        with ThreadPoolExecutor(self.in_flight) as pool:
            list(pool.map(fetch, self.targets))

    def bare(self) -> None:
        """Every page through the transport."""
        urls = [f"http://127.0.0.1:{self.port}{target}" for target in self.targets]
        with ThreadPoolExecutor(self.in_flight) as pool:
            list(
                pool.map(lambda url: len(self.transport.get(url, {"accept": "application/json"}).body), urls)
            )

    @cached_property
    def _bodies(self) -> list[bytes]:
        urls = [f"http://127.0.0.1:{self.port}{target}" for target in self.targets]
        return [self.transport.get(url, {"accept": "application/json"}).body for url in urls]

    def parser(self) -> None:
        """Arrow's JSON parser alone."""

        def parse(body: bytes, **more: Any) -> pa.Table:
            whole = arrow_json.ReadOptions(use_threads=False, block_size=len(body) + 1)
            return arrow_json.read_json(pa.BufferReader(body), whole, arrow_json.ParseOptions(**more))

        schema = parse(self._bodies[0]).schema
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda body: parse(body, explicit_schema=schema).num_rows, self._bodies))

    def read(self) -> None:
        """The walk, before decoding."""
        self._walk(look)

    def decoded(self) -> None:
        """The walk, with decoding."""
        self._walk(self._decoder())

    def spooled(self) -> None:
        """All of reading: the pages are kept on disk, raw and decoded, until they would be landed."""
        with tempfile.TemporaryDirectory() as folder:
            spool = Spool(Path(folder), "load", "things", "1")
            found = read(
                self._plan,
                self._service,
                DIALECT,
                self._decoder(),
                spool,
                page_size=self.page,
                profile=Profile(),
            )
        self._check(found.fetched, found.evidence)

    def _walk(self, decode: Callable[[bytes, Mapping[str, str]], Any]) -> None:
        asked = question(self._plan, Style.best(DIALECT), DIALECT, self._service.base_url, self.page)
        walk = Walk(
            asked,
            self._service.get,
            lambda answer: arrival(decode(answer.body, answer.headers), answer.body),
            self.in_flight,
        )
        self._check(sum(came.rows for came in walk), walk.evidence)

    def _check(self, rows: int, evidence: str) -> None:
        if (rows, evidence) != (self.rows, "count"):
            raise SystemExit(f"Read {rows} of {self.rows} records, proof: {evidence}.")

    @property
    def _plan(self) -> ReadPlan:
        return plan_read(THINGS, account_id="1", user_id=None, generation=GENERATION)

    @property
    def _service(self) -> Service:
        address = f"http://127.0.0.1:{self.port}/odata"
        return Service(address, self.transport, Tokens(), Throttle(0, self.in_flight))

    def _decoder(self) -> Decoder:
        return Decoder(THINGS, generation=GENERATION, dialect=DIALECT, account_id="1")


Times = tuple[float, float]
"""Seconds of wall clock, and of this process on the processors."""


def timed(work: Callable[[], object]) -> Times:
    """How long it takes."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def measure(works: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Do everything once to warm up and then in rounds; give the medians."""
    found: dict[str, list[Times]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            found[name].append(timed(work))
    return {
        name: (statistics.median(t[0] for t in times[1:]), statistics.median(t[1] for t in times[1:]))
        for name, times in found.items()
    }


def show(name: str, times: Times, base: float, bound: float | None = None) -> None:
    """Write one line of the table."""
    limit = f"   at most {bound}" if bound else ""
    sys.stdout.write(
        f"{name:8}  wall {times[0]:6.3f} s  cpu {times[1]:6.3f} s  {times[0] / base:5.2f}{limit}\n"
    )


@contextmanager
def bench_of(options: argparse.Namespace, latency: float) -> Iterator[Bench]:
    """Everything ready to measure against a server with that latency, in seconds."""
    with (
        server(options.rows, latency) as port,
        Transport(timeout=TIMEOUT, concurrency=options.in_flight) as transport,
    ):
        yield Bench(port, options.rows, options.page, options.in_flight, transport)


def near(options: argparse.Namespace) -> float:
    """Measure without latency; give the seconds of ``decoded``."""
    with bench_of(options, 0) as bench:
        works: dict[str, Callable[[], object]] = {
            "sockets": bench.sockets,
            "bare": bench.bare,
            "read": bench.read,
            "parser": bench.parser,
            "decoded": bench.decoded,
            "spooled": bench.spooled,
        }
        times = measure(works, options.rounds)
    bounds = {"read": 1.3, "decoded": 2.0}
    for name in works:
        show(name, times[name], times["bare"][0], bounds.get(name))
    return times["decoded"][0]


def distant(options: argparse.Namespace, decoded: float) -> None:
    """Measure with latency."""
    latency = options.latency / 1000
    with bench_of(options, latency) as bench:
        times = measure({"distant": bench.decoded}, max(1, options.rounds // 2))
    show("distant", times["distant"], max(len(bench.targets) * latency / options.in_flight, decoded), 1.5)


def main() -> None:
    """Run the server or the measurements."""
    parser = argparse.ArgumentParser(description="Reading against a bare download.")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--page", type=int, default=1_000, help="records a page")
    parser.add_argument("--in-flight", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--latency", type=float, default=100, help="milliseconds; 0: leave that case out")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.rows, options.latency)
        return
    sys.stdout.write(f"{options.rows} records, {options.page} a page, {options.in_flight} in flight, ")
    sys.stdout.write(f"median of {options.rounds}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores\n")
    decoded = near(options)
    if options.latency:
        distant(options, decoded)


if __name__ == "__main__":
    main()

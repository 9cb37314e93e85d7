"""A server of OData questions about `Data`: what it sends is one piece of a file, sent by the kernel itself.

It runs in a process of its own (``python -m benchmarks.server``) and must not be what is measured: the floor shows how
fast it gives everything away. Besides OData it gives bare pages (``bare=1``: a list without envelope), which the
floor's parser needs. Not here: the records (``data.py``).
"""

import argparse
import contextlib
import gzip
import os
import re
import socket
import socketserver
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.data import START, Data

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%b\r\n"


@dataclass(frozen=True)
class Piece:
    """Records of a body: a piece of the file, or bytes, and what stands around them."""

    before: bytes
    after: bytes
    records: bytes | None
    begin: int = 0
    size: int = 0

    @property
    def length(self) -> int:
        """Bytes of the whole body."""
        return len(self.before) + self.size + len(self.after)


class Answers:
    """Answers questions about records.

    Args:
        data: The records.
        links: Give next links, take no conditions on the key nor places: what some services are like.

    """

    def __init__(self, data: Data, *, links: bool = False) -> None:
        self.file = data.path.open("rb")
        self._data, self._links = data, links
        self._ends, self._seconds = data.ends, data.seconds
        self._chosen = lru_cache(maxsize=8)(self._choose)
        self._keys_alone = lru_cache(maxsize=256)(self._render_keys)
        self.packed = lru_cache(maxsize=4096)(self._pack)

    def answer(self, target: str) -> Piece:
        """The body of an answer."""
        parts = urlsplit(target)
        options = {name: values[0] for name, values in parse_qs(parts.query).items()}
        condition = options.get("$filter", "")
        since = re.search(r"modifiedAt ge ([-\d:TZ.]+)", condition)
        places = self._chosen(since[1]) if since else range(self._data.rows)
        first, end = self._within(condition, places)
        begin = min(end, first + int(options.get("$skip") or options.get("$skiptoken") or 0))
        top = int(options.get("$top", 5_000))
        upto = min(end, begin + top)
        if options.get("$orderby", "").endswith(" desc"):
            begin, upto = max(first, end - top), end
        chosen = set(options.get("$select", "").split(",")) == {"taskId", "modifiedAt"}
        piece = self._piece(places[begin:upto], keys_alone=chosen)
        if "bare" in options:
            return Piece(b"[", b"]", piece.records, piece.begin, piece.size)
        count = b'"@odata.count":%d,' % (end - first) if "$count" in options else b""
        link = b""
        if self._links and upto < end:
            link = b',"@odata.nextLink":"%b?$top=%d&$skiptoken=%d"' % (parts.path.encode(), top, upto)
        return Piece(b"{%b" % count + b'"value":[', b"]%b}" % link, piece.records, piece.begin, piece.size)

    def _choose(self, since: str) -> list[int]:
        least = (datetime.fromisoformat(since) - START).total_seconds()
        return [place for place, second in enumerate(self._seconds) if second >= least]

    def _within(self, condition: str, places: "list[int] | range") -> tuple[int, int]:
        """The first and the last but one of the places whose keys a condition allows."""
        if self._links:
            return 0, len(places)
        bounds = {word: int(key) for word, key in re.findall(r"taskId (gt|ge|le|lt) (\d+)", condition)}
        keys = self._data.keys

        def first_above(key: int) -> int:
            return bisect_left(places, bisect_left(keys, key))

        begin = first_above(bounds["gt"] + 1) if "gt" in bounds else first_above(bounds.get("ge", 0))
        end = first_above(bounds["le"] + 1) if "le" in bounds else first_above(bounds.get("lt", keys.stop))
        return begin, max(begin, end)

    def _piece(self, places: "list[int] | range", *, keys_alone: bool) -> Piece:
        if not places:
            return Piece(b"", b"", b"")
        if keys_alone:
            text = self._keys_alone(places[0], places[-1])
            return Piece(b"", b"", text, size=len(text))
        begin = self._ends[places[0] - 1] + 1 if places[0] else 0
        if isinstance(places, range):
            return Piece(b"", b"", None, begin, self._ends[places[-1]] - begin)
        text = b",".join(self._record(place) for place in places)
        return Piece(b"", b"", text, size=len(text))

    def _record(self, place: int) -> bytes:
        begin = self._ends[place - 1] + 1 if place else 0
        return os.pread(self.file.fileno(), self._ends[place] - begin, begin)

    def _render_keys(self, first: int, last: int) -> bytes:
        keys, stamp = self._data.keys, self._data.stamp
        return b",".join(
            b'{"taskId":%d,"modifiedAt":"%b"}'
            % (keys[place], stamp(place).strftime("%Y-%m-%dT%H:%M:%SZ").encode())
            for place in range(first, last + 1)
        )

    def _pack(self, piece: Piece) -> bytes:
        """A body in gzip; kept, as a busy service would."""
        middle = piece.records
        if middle is None:
            middle = os.pread(self.file.fileno(), piece.size, piece.begin)
        return gzip.compress(piece.before + middle + piece.after, 6, mtime=0)


def serve(answers: Answers, latency: float, port: int) -> None:
    """Answer until the process is ended; the port is the first line of the output.

    Args:
        answers: What to send.
        latency: Seconds before each answer.
        port: Where to listen; 0: anywhere.

    """

    class Connection(socketserver.StreamRequestHandler):
        disable_nagle_algorithm = True

        def handle(self) -> None:
            while request := self.rfile.readline():
                packed = False
                while head := self.rfile.readline().strip():
                    packed |= head.lower().startswith(b"accept-encoding:") and b"gzip" in head
                if latency:
                    time.sleep(latency)
                target = request.split()[1].decode()
                self._send(answers.answer(target), packed=packed and "/packed/" in target)

        def _send(self, piece: Piece, *, packed: bool) -> None:
            if packed:
                body = answers.packed(piece)
                self.connection.sendall(_HEAD % (len(body), b"Content-Encoding: gzip\r\n") + body)
                return
            head = _HEAD % (piece.length, b"") + piece.before
            if piece.records is not None:
                self.connection.sendall(head + piece.records + piece.after)
                return
            self.connection.sendall(head, socket.MSG_MORE)
            at, left = piece.begin, piece.size
            while left:
                sent = os.sendfile(self.connection.fileno(), answers.file.fileno(), at, left)
                at, left = at + sent, left - sent
            self.connection.sendall(piece.after)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True
        request_queue_size = 64

    with Server(("127.0.0.1", port), Connection) as server, contextlib.suppress(KeyboardInterrupt):
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


@contextmanager
def running(data: Data, *, latency: float = 0, links: bool = False, like: str = "") -> Iterator[str]:
    """A server in a process of its own; gives its address.

    Args:
        data: The records.
        latency: Seconds before each answer.
        links: Give next links only.
        like: Address of an earlier one, to take its place.

    """
    data.make()
    command = [sys.executable, "-m", "benchmarks.server", str(data.folder), str(data.rows), str(latency)]
    command += ["--changed"] * data.changed + ["--links"] * links
    command += ["--port", like.rpartition(":")[2]] if like else []
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603 # this very file
        try:
            port = process.stdout.readline() if process.stdout else b""
            yield f"http://127.0.0.1:{int(port)}"
        finally:
            process.terminate()


def main() -> None:
    """Serve what the command line names."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("rows", type=int)
    parser.add_argument("latency", type=float, help="seconds")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--changed", action="store_true")
    parser.add_argument("--links", action="store_true")
    options = parser.parse_args()
    data = Data(options.folder, options.rows, options.changed)
    serve(Answers(data, links=options.links), options.latency, options.port)


if __name__ == "__main__":
    main()

"""A service in memory that obeys, ignores or refuses each query option as a test wishes."""

import itertools
import json
import operator
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pyarrow as pa

from exepron_pipeline.errors import EntitySetMissingError, ExepronError, RequestRejectedError
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.page import Envelope, open_envelope

BASE = "http://127.0.0.1:9/api/v1"

_TERM = re.compile(r"(\w+) (eq|gt|ge|lt|le) ([a-z]*'(?:[^']|'')*'|[^\s()]+)")
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


@dataclass
class FakeService:
    """Serves ``records`` below any path in ``paths`` (all paths when it is None)."""

    records: list[dict[str, Any]]
    key: tuple[str, ...] = ("id",)
    envelope: str = "bare"
    """bare, value, links (``value`` and ``@odata.nextLink``) or d (``d.results`` and ``__next``)"""
    cap: int | None = None
    cap_refuses: bool = False
    counts: bool = False
    ignores: frozenset[str] = frozenset()
    refuses: frozenset[str] = frozenset()
    fields: frozenset[str] | None = None
    """Properties that ``$select`` and ``$filter`` may name; None: all."""
    filters: frozenset[str] | None = None
    """Properties that ``$filter`` may name; None: all."""
    refused_text: str | None = None
    """Text for which a filter is refused."""
    answers: dict[str, object] = field(default_factory=dict)
    """Path -> error to raise, or document to serve."""
    paths: frozenset[str] | None = None
    base_url: str = BASE
    asked: list[str] = field(default_factory=list)
    before: Callable[["FakeService"], None] | None = None
    """Called before each answer: to change records during a read."""
    in_flight: int = 1
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def get(
        self, address: str, headers: Mapping[str, str] | None = None, *, until: float | None = None
    ) -> Response:
        """Answer as a service would, or raise what `Service` raises; one question after the other."""
        with self._lock:
            return self._get(address)

    def _get(self, address: str) -> Response:
        self.asked.append(address)
        if self.before:
            self.before(self)
        parts = urlsplit(address)
        found = self.answers.get(parts.path)
        if isinstance(found, ExepronError):
            raise found
        if found is None and self.paths is not None and parts.path not in self.paths:
            raise EntitySetMissingError(f"GET {parts.path}: 404")
        document, headers = (found, {}) if found is not None else self._serve(parts.path, parts.query)
        return Response(200, headers, json.dumps(document).encode(), f"{BASE}/{address}", 0.0)

    def _serve(self, path: str, query: str) -> tuple[object, dict[str, str]]:
        options = dict(parse_qsl(query.replace("+", "%2B"), strict_parsing=bool(query)))
        for name in options:
            if name in self.refuses:
                raise _refused(f"The query option '{name}' is not allowed.")
        used = {name: value for name, value in options.items() if name not in self.ignores}
        rows = self._matching(used.get("$filter"))
        total = len(rows)
        rows = self._ordered(rows, used.get("$orderby"))
        skip = int(used.get("$skiptoken", used.get("$skip", "0")))
        top = self._top(used)
        page = [self._selected(row, used.get("$select")) for row in rows[skip:][:top]]
        more = skip + len(page) < total and bool(page)
        kept = {name: value for name, value in used.items() if name not in {"$skip", "$skiptoken"}}
        link = f"{path}?{_written(kept)}&$skiptoken={skip + len(page)}"
        return self._wrap(page, total if self.counts else None, link if more else None)

    def _matching(self, expression: str | None) -> list[dict[str, Any]]:
        if not expression:
            return list(self.records)
        if self.refused_text and self.refused_text in expression:
            raise _refused("The literal has the wrong form.")
        return [row for row in self.records if self._holds(expression, row)]

    def _holds(self, expression: str, row: Mapping[str, Any]) -> bool:
        def judge(match: re.Match[str]) -> str:
            name, symbol, text = match.groups()
            named = [known for known in (self.fields, self.filters) if known is not None]
            if name not in row or any(name not in known for known in named):
                raise _refused(f"Could not find a property named '{name}'.")
            inner = re.fullmatch(r"[a-z]*'(.*)'", text, re.DOTALL)
            value: object = inner[1].replace("''", "'") if inner else text
            value = int(text) if text.lstrip("-").isdigit() else value
            return str(row[name] is not None and _OPERATORS[symbol](row[name], value))

        return bool(eval(_TERM.sub(judge, expression)))

    def _ordered(self, rows: list[dict[str, Any]], orderby: str | None) -> list[dict[str, Any]]:
        for term in reversed(orderby.split(",") if orderby else []):
            name, _, direction = term.partition(" ")
            rows = sorted(rows, key=operator.itemgetter(name), reverse=direction == "desc")
        return rows

    def _top(self, used: Mapping[str, str]) -> int:
        top = int(used.get("$top", "1000000"))
        if self.cap is not None and "$top" in used and top > self.cap and self.cap_refuses:
            text = f"The limit of '{self.cap}' for Top query has been exceeded. The value is '{top}'."
            raise _refused(f"The query specified in the URI is not valid. {text}")
        return min(top, self.cap or top)

    def _selected(self, row: dict[str, Any], select: str | None) -> dict[str, Any]:
        if not select:
            return row
        names = select.split(",")
        for name in names:
            if self.fields is not None and name not in self.fields:
                raise _refused(f"Could not find a property named '{name}'.")
        return {name: value for name, value in row.items() if name in names}

    def _wrap(self, page: list[Any], count: int | None, link: str | None) -> tuple[object, dict[str, str]]:
        number = {} if count is None else {"@odata.count": count}
        if self.envelope == "bare":
            return page, {} if count is None else {"x-total-items": str(count)}
        if self.envelope == "d":
            inner = {} if count is None else {"__count": str(count)}
            return {"d": {"results": page} | inner | ({"__next": f"{BASE}/{link}"} if link else {})}, {}
        linked = {"@odata.nextLink": link} if link and self.envelope == "links" else {}
        return number | {"value": page} | linked, {}


@dataclass(frozen=True)
class DecodedPage:
    """What the normaliser would give, as far as paging and reading have to know it."""

    records: list[dict[str, Any]]
    rows: int
    first_key: tuple[Any, ...] | None
    last_key: tuple[Any, ...] | None
    keys_ascending: bool
    envelope: Envelope
    keys: tuple[tuple[Any, ...], ...]
    children: dict[str, Any] = field(default_factory=dict)
    rejects: tuple[Any, ...] = ()
    unknown: dict[str, str] = field(default_factory=dict)
    hides: bool = False

    @property
    def table(self) -> pa.Table:
        """The records, each as the text that came."""
        return pa.table({"record": pa.array(map(json.dumps, self.records), pa.string())})


def records_of(result: Any) -> list[dict[str, Any]]:
    """The records that a read brought, in the order of their pages."""
    tables = [result.spool.table(page.number) for page in result.pages]
    return [json.loads(text) for table in tables for text in table["record"].to_pylist()]


def decoder(key: tuple[str, ...], dialect: Dialect) -> Callable[[bytes, Mapping[str, str]], DecodedPage]:
    """Make a decoder: body and headers to a page; records without their key are not accepted."""

    def decode(body: bytes, headers: Mapping[str, str]) -> DecodedPage:
        rows, envelope = open_envelope(json.loads(body), headers, dialect)
        records = [row for row in rows if isinstance(row, dict) and all(name in row for name in key)]
        keys = tuple(tuple(row[name] for name in key) for row in records)
        ascending = all(a < b for a, b in itertools.pairwise(keys))
        first, last = (keys[0], keys[-1]) if keys else (None, None)
        return DecodedPage(records, len(rows), first, last, ascending, envelope, keys)

    return decode


def _refused(text: str) -> RequestRejectedError:
    return RequestRejectedError(f"GET: 400. {text}", status=400, detail=text)


def _written(options: Mapping[str, str]) -> str:
    return "&".join(f"{quote(name)}={quote(value)}" for name, value in options.items())

"""A small OData 4 service of its own, with an identity server: written after the standards, not after the sandbox.

Identity: OpenID Connect Discovery 1.0, and RFC 6749 4.4 with HTTP Basic (2.3.1). Data: OData 4.01 JSON Format, with
server-driven paging (Protocol 11.2.6.7): pages of ten, whatever ``$top`` asks for, next links absolute or relative to
the context URL (JSON Format 4.6.5),
GUIDs, 64-bit and exact decimal numbers, offsets and seven fraction digits in stamps.
"""

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

CLIENT, SECRET, TOKEN = "nightly", "p&ss w:rd", "opaque-4f1d2c"
PAGE = 10
CATALOGUE = """
replace: true
entity_sets:
  orders:
    description: "Orders of the other service."
    evidence: confirmed
    key: order_id
    cursor: changed_at
    sources:
      - {path: Orders, generation: odata4}
    columns:
      order_id: {type: text, wire: OrderID, nullable: false, description: "Identifies the order."}
      number: {type: int, wire: Number, description: "A number beyond 53 bits."}
      amount: {type: "decimal(18,4)", wire: Amount, description: "An exact amount."}
      customer: {type: text, wire: Customer.Name, description: "Who ordered."}
      is_open: {type: bool, wire: IsOpen, description: "True while it is open."}
      due_on: {type: date, wire: DueOn, description: "When it is due."}
      changed_at: {type: timestamp, wire: ChangedAt, description: "When it changed."}
    children:
      tags:
        description: "Words on the order."
        wire: Tags
        columns:
          tag: {type: text, wire: ".", description: "One word."}
  regions:
    description: "Regions, without a cursor, with a key of two parts."
    evidence: confirmed
    key: [country, code]
    sources:
      - {path: "Sales/Regions", generation: odata4}
    columns:
      country: {type: text, wire: Country, nullable: false, description: "Country."}
      code: {type: int, wire: Code, nullable: false, description: "Code within the country."}
      title: {type: text, wire: Title, description: "Name."}
"""


def orders(count: int) -> list[dict[str, Any]]:
    """Orders by wire names, in the order of their keys."""
    return [
        {
            "@odata.etag": f'W/"{number}"',
            "OrderID": f"0f8fad5b-d9cb-469f-a165-{number:012x}",
            "Number": 9_007_199_254_740_993 + number,
            "Amount": Decimal(f"{number}.1001"),
            "Customer": {"Name": f"O'Hara & Söhne {number}", "Phone": "+353 1 000"},
            "IsOpen": number % 3 == 0,
            "DueOn": f"2026-02-{1 + number % 28:02}",
            "ChangedAt": f"2026-03-01T{number % 24:02}:30:00.1234567+02:00",
            "Tags": ["new", f"tag {number}"][: number % 3],
        }
        for number in range(count)
    ]


def regions() -> list[dict[str, Any]]:
    """Regions by wire names, in the order of their keys."""
    return [
        {"Country": country, "Code": code, "Title": f"{country}-{code}"}
        for country in ("DE", "IE")
        for code in range(1, 13)
    ]


class OtherService:
    """What it holds and what it was asked."""

    def __init__(self) -> None:
        self.sets: dict[str, list[dict[str, Any]]] = {
            "/odata/Orders": orders(37),
            "/odata/Sales/Regions": regions(),
        }
        self.asked: list[str] = []
        self.url = ""

    def environment(self, data_dir: str, catalogue: str) -> dict[str, str]:
        """The settings with which the pipeline reads it."""
        return {
            "EXEPRON_API_URL": f"{self.url}/odata",
            "EXEPRON_IDENTITY_URL": self.url,
            "EXEPRON_CLIENT_ID": CLIENT,
            "EXEPRON_CLIENT_SECRET": SECRET,
            "EXEPRON_SCOPE": "orders.read",
            "EXEPRON_GENERATION": "odata4",
            "EXEPRON_ACCOUNTS": "1",
            "EXEPRON_CATALOGUE": catalogue,
            "EXEPRON_DATA_DIR": data_dir,
        }

    def answer(self, target: str, authorization: str | None) -> tuple[int, dict[str, Any]]:
        """Status and document for a GET."""
        parts = urlsplit(target)
        if parts.path == "/.well-known/openid-configuration":
            return 200, {"issuer": self.url, "token_endpoint": f"{self.url}/token"}
        self.asked.append(target)
        if authorization != f"Bearer {TOKEN}":
            return 401, {"error": {"code": "Unauthorized", "message": "Who are you?"}}
        if parts.path not in self.sets:
            return 404, {"error": {"code": "NotFound", "message": f"No {parts.path}"}}
        return self._page(parts.path, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))))

    def _page(self, path: str, options: dict[str, str]) -> tuple[int, dict[str, Any]]:
        unknown = options.keys() - {"$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"}
        if unknown:
            return 400, {
                "error": {"code": "", "message": f"The query option {min(unknown)} is not supported."}
            }
        rows = [row for row in self.sets[path] if _matches(row, options.get("$filter"))]
        count, start = len(rows), int(options.get("$skiptoken", options.get("$skip", 0)))
        end = min(len(rows), int(options.get("$skip", 0)) + int(options.get("$top", len(rows))))
        page = rows[start : min(start + PAGE, end)]
        document: dict[str, Any] = {"@odata.context": f"{self.url}/odata/$metadata#{path.rpartition('/')[2]}"}
        if options.get("$count") == "true":
            document["@odata.count"] = count
        document["value"] = page
        if start + PAGE < end:
            link = f"{path.removeprefix('/odata/')}?{urlencode({**options, '$skiptoken': start + PAGE})}"
            absolute = f"{self.url}/odata/{link}"
            document["@odata.nextLink"] = absolute if (start // PAGE) % 2 else link
        return 200, document

    def token(self, authorization: str, form: str) -> tuple[int, dict[str, Any]]:
        """Status and document for a POST to the token endpoint."""
        kind, _, code = authorization.partition(" ")
        pair = [unquote_plus(part) for part in base64.b64decode(code).decode().split(":")]
        asked = {name: values[0] for name, values in parse_qs(form).items()}
        if kind != "Basic" or pair != [CLIENT, SECRET]:
            return 401, {"error": "invalid_client"}
        if asked != {"grant_type": "client_credentials", "scope": "orders.read"}:
            return 400, {"error": "invalid_scope"}
        return 200, {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 600}


def _matches(row: dict[str, Any], condition: str | None) -> bool:
    """What of ``$filter`` this service understands: stamps that are not before a moment, and whether it is open."""
    return all(_holds(row, part) for part in (condition or "").split(" and ") if part)


def _holds(row: dict[str, Any], condition: str) -> bool:
    if is_open := re.fullmatch(r"IsOpen eq (true|false)", condition):
        return bool(row["IsOpen"]) == (is_open[1] == "true")
    found = re.fullmatch(r"ChangedAt ge (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", condition)
    if not found:
        raise ValueError(condition)
    return datetime.fromisoformat(row["ChangedAt"]) >= datetime.fromisoformat(found[1])


@contextmanager
def other_service(service: OtherService | None = None) -> Iterator[OtherService]:
    """Run it, or a given one of its kind, for the time of the block."""
    service = service or OtherService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            try:
                self._send(*service.answer(self.path, self.headers["Authorization"]))
            except ValueError as error:
                self._send(400, {"error": {"code": "", "message": f"Not understood: {error}"}})

        def do_POST(self) -> None:
            form = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._send(*service.token(self.headers["Authorization"] or "", form))

        def _send(self, status: int, document: dict[str, Any]) -> None:
            body = _json(document)
            self.send_response(status)
            self.send_header("Content-Type", "application/json;odata.metadata=minimal")
            self.send_header("OData-Version", "4.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name is http.server's
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        service.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield service
        finally:
            server.shutdown()
            thread.join()


def _json(document: dict[str, Any]) -> bytes:
    """JSON with exact decimals as plain numbers, which the standard library cannot write."""
    text = json.dumps(document, default=lambda value: f"decimal {value}")
    return re.sub(r'"decimal ([\d.]+)"', r"\1", text).encode()

"""What goes over the wire besides the query: versions, formats, links. Against a real HTTP server."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from exepron_pipeline.errors import RequestRejectedError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.http.transport import Transport
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.links import place_below
from exepron_pipeline.odata.negotiation import in_json
from exepron_pipeline.odata.service import Service

JSON, ATOM = ("application/json", b'{"value": []}'), ("application/atom+xml;type=feed", b"<feed/>")


class Tokens:
    """Always the same token."""

    def token(self) -> str:
        """Give it."""
        return "secret"

    def renew(self, refused: str) -> str:
        """Give it again."""
        return "secret"


@dataclass
class Peer:
    """A server that writes down what it is asked, and answers as it is told."""

    service: Service
    answer: Callable[[str, dict[str, str]], tuple[str, bytes] | int]
    lines: list[str] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@pytest.fixture
def peer() -> Iterator[Peer]:
    """A peer that answers in JSON."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            peer.lines.append(self.path)
            peer.headers.append({name.lower(): value for name, value in self.headers.items()})
            answer = peer.answer(self.path, peer.headers[-1])
            status, (kind, body) = (answer, JSON) if isinstance(answer, int) else (200, answer)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    with Transport(timeout=30) as transport:
        base = f"http://127.0.0.1:{server.server_port}/svc"
        peer = Peer(Service(base, transport, Tokens(), Throttle(0, 2)), lambda *_: JSON)
        yield peer
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("odata2", ("maxdataserviceversion", "2.0")),
        ("odata3", ("maxdataserviceversion", "3.0")),
        ("odata4", ("odata-maxversion", "4.01")),
        ("g2", None),
    ],
)
def test_json_of_a_version_that_we_read_is_asked_for(
    peer: Peer, name: str, version: tuple[str, str] | None
) -> None:
    """Servers that prefer Atom, or speak a newer version too, are told what we take."""
    peer.service.headers = DIALECTS[name].headers
    peer.service.get("Tasks")
    (sent,) = peer.headers
    assert sent["accept"] == "application/json"
    versions = {key: value for key, value in sent.items() if "version" in key}
    assert versions == (dict([version]) if version else {})


def test_a_server_that_does_not_heed_accept_is_asked_in_the_address(peer: Peer) -> None:
    """Atom in spite of `Accept` is answered with `$format=json`, once; from then on it goes with each question."""
    peer.answer = lambda path, _: JSON if "$format=json" in path else ATOM
    assert peer.service.get("Tasks").body == JSON[1]
    assert peer.service.get("Tasks?$top=1").body == JSON[1]
    assert peer.lines == ["/svc/Tasks", "/svc/Tasks?$format=json", "/svc/Tasks?$top=1&$format=json"]


@pytest.mark.parametrize("refusal", [400, 404, ATOM])
def test_xml_that_cannot_be_helped_is_handed_on(peer: Peer, refusal: int | tuple[str, bytes]) -> None:
    """Where `$format` is refused or ignored, the XML is the answer: whoever wants records will say so."""
    peer.answer = lambda path, _: refusal if "$format" in path else ATOM
    assert peer.service.get("Tasks").body == ATOM[1]
    assert peer.service.get("Users").body == ATOM[1]
    assert [line for line in peer.lines if "$format" not in line] == ["/svc/Tasks", "/svc/Users"]


def test_metadata_stays_xml(peer: Peer) -> None:
    """`$metadata` is XML by right, and is asked for once."""
    peer.answer = lambda *_: ("application/xml", b"<edmx:Edmx/>")
    peer.service.get("$metadata")
    assert peer.lines == ["/svc/$metadata"]


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("Tasks", "Tasks?$format=json"),
        ("Tasks?$skiptoken=a%2Bb", "Tasks?$skiptoken=a%2Bb&$format=json"),
        ("Tasks?%24format=json&x=1", "Tasks?%24format=json&x=1"),
        ("catalog/$metadata", "catalog/$metadata"),
        ("Tasks?$filter=a eq '$format='", "Tasks?$filter=a eq '$format='&$format=json"),
    ],
)
def test_a_format_is_named_once(address: str, asked: str) -> None:
    """A link that names its format already is left as it is."""
    assert in_json(address) == asked


@pytest.mark.parametrize(
    "link",
    [
        "Tasks?%24select=ID%2Cname&%24skiptoken=1000",
        "Tasks?$skiptoken=500!51498",
        "Tasks?$skiptoken=50298L&$select=a,b",
        "Tasks?%24skiptoken=JHJvd3M9NDAwMCYkb2Zmc2V0PTEwMDA%3D",
        "Tasks?$filter=name%20eq%20'O''Brien'&$skiptoken='a|b^c`{}'",
        "Tasks?$skiptoken=%zz%2b+&&x",
        "Projects('a%20b%2Fc')/tasks?$skiptoken=%c3%BC",
    ],
)
def test_links_are_followed_byte_for_byte(peer: Peer, link: str) -> None:
    """What a service writes into a link comes back to it as it was, whether `%24` or `$`, `%2b` or `%2B`."""
    for written in (link, f"/svc/{link}", f"https://elsewhere.example:8443/svc/{link}"):
        address = place_below(peer.service.base_url, written, "Tasks")
        assert address
        peer.service.get(address)
        assert peer.lines[-1] == f"/svc/{link}"


def test_the_token_stays_on_the_configured_origin(peer: Peer) -> None:
    """A link that names another host leads to ours, with the token; the other host hears nothing."""
    address = place_below(peer.service.base_url, "http://localhost:9/svc/Tasks?$skiptoken=1", "Tasks")
    assert address
    peer.service.get(address)
    assert peer.headers[-1]["host"].startswith("127.0.0.1:")
    assert peer.headers[-1]["authorization"] == "Bearer secret"


def test_a_refusal_is_told_in_the_services_words(peer: Peer) -> None:
    """A status that is none of success is an error whatever its format."""
    peer.answer = lambda *_: 400
    with pytest.raises(RequestRejectedError, match="400"):
        peer.service.get("Tasks")

import gzip
import logging
import socket
import time

import pytest

from exepron_pipeline.errors import ConfigurationError, NetworkError, PermanentError, ResponseError
from exepron_pipeline.http import transport as module
from exepron_pipeline.http.transport import Response, Transport


def test_an_answer_is_given_as_it_came(server, transport, answer):
    """Status, lower-case headers, body and time of any answer are handed over, errors included."""
    server.answer(
        answer(418, b'{"a":1}', {"X-Total-Items": "3", "Content-Type": "Application/JSON; charset=utf-8"})
    )
    got = transport.get(server.url + "/a", {})
    assert (got.status, got.body, got.headers["x-total-items"]) == (418, b'{"a":1}', "3")
    assert got.media_type == "application/json"
    assert 0 < got.seconds < 5


@pytest.mark.parametrize(
    "target",
    [
        "/A%28'x'%29?$filter=name%20eq%20'O''Brien'&$top=5",
        "/a?%24select=a,b&%24skiptoken=a%2Bb",
        "/a?q=a+b&t=2026-01-01T00:00:00%2b01:00",
        "/a?x={1}|[2]^`",
        "/a?",
    ],
)
def test_addresses_are_sent_byte_for_byte(server, transport, target):
    """Neither %24 nor $, neither %20 nor + is encoded, decoded or put in another case."""
    transport.get(server.url + target, {})
    assert server.asked[0].target == target


def test_only_gzip_is_offered_and_it_is_unpacked(server, transport, answer):
    """Bodies come unpacked, also in several members with padding."""
    packed = gzip.compress(b"one ") + gzip.compress(b"two") + b"\0\0"
    server.answer(answer(200, packed, {"Content-Encoding": "gzip"}))
    assert transport.get(server.url, {}).body == b"one two"
    assert server.asked[0].headers["accept-encoding"] == "gzip"


@pytest.mark.parametrize(
    "packed",
    [gzip.compress(b"x" * 1000)[:-9], b"no gzip at all", gzip.compress(b"x")[:-8] + b"\1" * 8],
    ids=["cut", "other", "damaged"],
)
def test_a_broken_gzip_body_is_a_network_error(server, transport, answer, packed):
    """A packed body that is cut or damaged is never taken for a whole one."""
    server.answer(answer(200, packed, {"Content-Encoding": "gzip"}))
    with pytest.raises(NetworkError, match=r"compressed answer from http://127\.0\.0\.1"):
        transport.get(server.url, {})


def test_a_body_cut_short_is_a_network_error(server, transport, answer):
    """Fewer bytes than announced are an error, not an answer."""
    server.answer(answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n[1,2"))
    with pytest.raises(NetworkError, match="No whole answer"):
        transport.get(server.url, {})


def test_an_answer_that_is_too_large_is_refused(server, transport, answer, monkeypatch):
    """A small packed body cannot fill the memory."""
    monkeypatch.setattr(module, "BODY_LIMIT", 1 << 20)
    server.answer(answer(200, gzip.compress(bytes(3 << 20)), {"Content-Encoding": "gzip"}))
    with pytest.raises(ResponseError, match="larger than 1 MiB"):
        transport.get(server.url, {})


def test_an_encoding_that_was_not_offered_is_refused(server, transport, answer):
    """What cannot be read is not handed on as data."""
    server.answer(answer(200, b"?", {"Content-Encoding": "br"}))
    with pytest.raises(ResponseError, match="'br'"):
        transport.get(server.url, {})


def test_an_answer_that_drips_for_ever_ends(server, transport, answer, monkeypatch):
    """The whole answer has a time limit, however steadily its parts come."""
    monkeypatch.setattr(module, "SLOWEST", 0)
    server.answer(answer(200, b"slow"))
    with Transport(timeout=5) as impatient, pytest.raises(NetworkError, match="too slowly"):
        impatient.get(server.url, {})


def test_a_silent_server_is_a_network_error():
    """No request waits without end."""
    with socket.create_server(("127.0.0.1", 0)) as silent, Transport(timeout=0.1) as impatient:
        started = time.monotonic()
        with pytest.raises(NetworkError, match="did not answer in time"):
            impatient.get(f"http://127.0.0.1:{silent.getsockname()[1]}/", {})
        assert time.monotonic() - started < 30


def test_nobody_listening_is_a_network_error_without_the_library_behind_it(transport):
    """Errors carry no object of the HTTP library, whose requests hold the token."""
    with pytest.raises(NetworkError) as caught:
        transport.get("http://127.0.0.1:1/a?token=abc", {"Authorization": "Bearer abcdefgh"})
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert "token" not in str(caught.value)


def test_redirects_are_not_followed(server, transport, answer):
    """The token is never carried to where a redirect points."""
    server.answer(answer(302, b"", {"Location": f"{server.url}/elsewhere"}))
    assert transport.get(server.url + "/a", {}).status == 302
    assert [request.target for request in server.asked] == ["/a"]


def test_cookies_are_not_kept(server, transport, answer):
    """No request depends on an earlier one's cookie."""
    server.answer(answer(200, b"", {"Set-Cookie": "session=1; Path=/"}))
    transport.get(server.url, {})
    transport.get(server.url, {})
    assert "cookie" not in server.asked[1].headers


def test_a_form_is_posted(server, guarded):
    """Fields are form-encoded; a text is sent as it is."""
    guarded.post_form(server.url + "/connect/token", {"a": "b c&d"}, {"X-A": "1"})
    guarded.post_form(server.url + "/connect/token", "a=%20", {})
    assert [request.body for request in server.asked] == [b"a=b+c%26d", b"a=%20"]
    assert server.asked[0].headers["content-type"] == "application/x-www-form-urlencoded"
    assert server.asked[0].headers["x-a"] == "1"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1",
        "/api/v1/Projects",
        "/",
        "/connect/token/",
        "/connect/token?a=1",
        "/Connect/token",
        "/connect",
    ],
)
def test_nothing_is_posted_but_to_the_named_endpoints(server, guarded, path):
    """An address that is merely like an endpoint, or near it, gets no form."""
    with pytest.raises(PermanentError, match="Refused to POST"):
        guarded.post_form(server.url + path, {}, {})
    assert server.asked == []


def test_without_endpoints_nothing_is_posted(server, transport):
    """Whoever reads only never posts."""
    with pytest.raises(PermanentError, match="Only GET is used"):
        transport.post_form(server.url, {}, {})


@pytest.mark.parametrize(
    "path", ["/api/v1", "/api/v1/", "/API/v1/Projects", "/api/./v1/x", "/a/..%2fapi/v1/x"]
)
def test_no_endpoint_is_within_the_api(server, guarded, path):
    """An identity server beside the API that names one of its addresses is refused, however it spells it."""
    with pytest.raises(ConfigurationError, match=r"names an address of the API.*EXEPRON_API_URL"):
        guarded.allow_posts([server.url + path], f"{server.url}/identity")


def test_no_endpoint_leads_from_https_to_http(transport):
    """Not even to loopback, where somebody else may listen."""
    with pytest.raises(ConfigurationError, match="without TLS"):
        transport.allow_posts(["http://127.0.0.1:9/token"], "https://id.example")


def test_an_api_without_a_path_leaves_room_for_its_identity_server(server):
    """Both on one host and the API's address without a path: only the named endpoint gets forms."""
    with Transport(timeout=30, read_only_below=server.url) as opened:
        opened.allow_posts([f"{server.url}/connect/token"], server.url)
        assert opened.post_form(f"{server.url}/connect/token", {}, {}).status == 200
        with pytest.raises(PermanentError, match="Refused to POST"):
            opened.post_form(f"{server.url}/Projects", {}, {})


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "http://[::1", "nonsense", "http://127.0.0.1:x/"])
def test_what_is_no_address_is_a_permanent_error(transport, url):
    """A malformed address is never tried again."""
    with pytest.raises(PermanentError, match="no address"):
        transport.get(url, {})


@pytest.mark.parametrize("value", ["Bearer geheim\r\nX: y", "Bearer gehäim"])
def test_a_malformed_header_does_not_show_its_value(server, transport, value):
    """A token with a line break or an umlaut is named by its header, not quoted."""
    with pytest.raises(PermanentError, match="header Authorization") as caught:
        transport.get(server.url, {"Authorization": value})
    assert "geh" not in str(caught.value)


def test_loopback_never_goes_through_a_proxy(server, monkeypatch):
    """Plain credentials for loopback are not sent to the proxy of the environment."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    with Transport(timeout=30) as direct:
        assert direct.get(server.url, {}).status == 200


def test_tls_files_that_cannot_be_used_name_their_setting(tmp_path):
    """A missing or wrong PEM file is a matter of settings."""
    wrong = tmp_path / "wrong.pem"
    wrong.write_text("no pem")
    with pytest.raises(ConfigurationError, match="EXEPRON_CA_BUNDLE"):
        Transport(timeout=1, ca_bundle=wrong)
    with pytest.raises(ConfigurationError, match=r"EXEPRON_CLIENT_CERTIFICATE.*No such file"):
        Transport(timeout=1, client_certificate=tmp_path / "none.pem")


def test_a_response_shows_neither_body_nor_headers():
    """Token answers stay out of logs."""
    response = Response(200, {"set-cookie": "geheim"}, b"geheim", "http://127.0.0.1/", 0.1)
    assert "geheim" not in repr(response)


def test_the_library_logs_no_token_of_an_address(server, transport, caplog):
    """A token in a next link does not reach the log of the HTTP library."""
    with caplog.at_level(logging.INFO):
        transport.get(f"{server.url}/a?access_token=geheim123", {})
    assert "access_token=***" in caplog.text
    assert "geheim123" not in caplog.text

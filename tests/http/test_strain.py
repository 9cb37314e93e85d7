"""What a service under strain is spared, over real HTTP: fewer requests at once, cut answers asked again."""

import pytest

from exepron_pipeline.errors import NetworkError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.service import Service


class _Tokens:
    def token(self):
        return "token"

    def renew(self, refused):
        return "token"


@pytest.fixture
def throttle():
    """Give a throttle without a rate."""
    return Throttle(0, 8)


@pytest.fixture
def service(server, transport, throttle):
    """Give a service at the scripted server."""
    return Service(server.url, transport, _Tokens(), throttle)


@pytest.mark.parametrize("status", [429, 500, 503, 504])
def test_a_strained_service_is_asked_less_at_once(server, service, throttle, answer, status):
    """429 and 5xx narrow the window for all parts of a run."""
    server.answer(answer(status), answer())
    service.get("Set")
    assert throttle.window.allowed < 5
    assert service.in_flight == 8


@pytest.mark.parametrize("status", [429, 503])
def test_everybody_waits_as_long_as_one_was_told(server, service, throttle, answer, status):
    """Retry-After holds for every request of the run, whichever status it came with."""
    server.answer(answer(status, headers={"Retry-After": "1"}), answer())
    service.get("Set")
    assert throttle.waited > 0.5


@pytest.mark.parametrize(
    "cut", [b'{"value":[{"id":1},{"id', b'[{"id":1},', b'\xef\xbb\xbf{"value":[1,2]', b"["]
)
def test_a_document_that_is_cut_off_is_asked_for_again(server, service, answer, cut):
    """JSON that is not closed is an answer cut short, even where its length says otherwise."""
    server.answer(answer(body=cut), answer(body=b'{"value":[]}'))
    assert service.get("Set").body == b'{"value":[]}'
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    "whole", [b'{"value":[]}', b"[] \r\n", b"\xef\xbb\xbf[1]", b"17", b"", b"<a/>", b'"x"']
)
def test_whole_documents_are_not(server, service, answer, whole):
    """What is closed, or no document at all, is left to who reads it."""
    server.answer(answer(body=whole))
    assert service.get("Set").body == whole
    assert len(server.asked) == 1


def test_a_service_that_always_cuts_is_given_up(server, service, answer):
    """After all attempts the cut is the error, as something that may pass."""
    server.answer(answer(body=b'{"value":['))
    with pytest.raises(NetworkError, match="cut off"):
        service.get("Set")
    assert len(server.asked) == 6

"""A service that ends in an error of its own where it cannot translate a condition refuses that condition."""

import pytest

from exepron_pipeline.errors import RequestRejectedError, ServerUnavailableError
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.conditions import form_of
from exepron_pipeline.odata.service import Service


class _Tokens:
    """Always the same token."""

    def token(self):
        return "token"

    def renew(self, refused):
        return "token"

    def not_granted(self):
        return ()


@pytest.fixture
def service(server, transport):
    """Give a service at the scripted server."""
    return Service(f"{server.url}/api/v1/", transport, _Tokens(), Throttle(0, 4))


FAILED = b'{"error": {"message": "Could not be translated"}}'


def test_a_500_for_a_new_condition_is_a_refusal(server, service, answer):
    """It is asked for once more, not six times, and then refused at once; the service's words are kept."""
    server.answer(answer(500, FAILED))
    with pytest.raises(
        RequestRejectedError, match="500 Internal Server Error: Could not be translated"
    ) as caught:
        service.get("Tasks?$filter=id%20gt%205")
    assert (len(server.asked), caught.value.status) == (2, 500)
    with pytest.raises(RequestRejectedError):
        service.get("Tasks?$filter=id%20gt%2077")
    assert len(server.asked) == 3


def test_a_500_for_a_condition_that_was_answered_passes(server, service, answer):
    """Where the form has worked, the service itself is in trouble: it is waited for."""
    service.get("Tasks?$filter=id%20gt%205")
    server.answer(answer(500), answer(500), answer(500), answer(200, b"[]"))
    assert service.get("Tasks?$top=5&$filter=id%20gt%206").body == b"[]"


def test_a_500_without_a_condition_passes(server, service, answer):
    """Other questions are tried as often as ever."""
    server.answer(answer(500))
    with pytest.raises(ServerUnavailableError):
        service.get("Tasks?$top=5")
    assert len(server.asked) == 6


@pytest.mark.parametrize("status", [502, 503, 504])
def test_an_outage_is_no_refusal(server, service, answer, status):
    """What says that the service is away says nothing of the condition."""
    server.answer(answer(status), answer(status), answer(status), answer(200, b"[]"))
    assert service.get("Tasks?$filter=id%20gt%205").body == b"[]"


def test_nothing_is_tried_again_after_its_time(server, service, answer):
    """A moment that has passed leaves one attempt."""
    server.answer(answer(503))
    with pytest.raises(ServerUnavailableError):
        service.get("Tasks", until=0.0)
    assert len(server.asked) == 1


def test_forms_of_conditions():
    """Values are left out, the way in which they are written is not."""
    forms = {
        form_of("http://x/Projects/7/Tasks?$top=5&$filter=changed%20ge%20datetime'2026-01-01T00:00:00'"),
        form_of("http://x/Projects/8/Tasks?$filter=changed%20ge%20datetime'2027-01-01T00:00:00'&$top=9"),
    }
    assert len(forms) == 1
    assert form_of("http://x/Projects/7/Tasks?$filter=changed%20ge%202026-01-01T00:00:00Z") not in forms
    assert form_of("http://x/Tasks?$top=5") is None

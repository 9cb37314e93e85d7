"""Headers by which a service announces its end."""

import pytest

from exepron_pipeline.events import Notice
from exepron_pipeline.http.retirement import retirement
from exepron_pipeline.http.throttle import Throttle
from exepron_pipeline.odata.service import Service


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, None),
        ({"deprecation": "false"}, None),
        ({"deprecation": "@1688169599"}, "is deprecated as of 2023-06-30"),
        ({"deprecation": "true"}, "is deprecated"),
        ({"deprecation": "Fri, 30 Jun 2023 23:59:59 GMT"}, "is deprecated as of 2023-06-30"),
        ({"deprecation": "@99999999999999999"}, "is deprecated"),
        ({"sunset": "Sun, 30 Jun 2024 23:59:59 GMT"}, "goes away on 2024-06-30"),
        ({"sunset": "one day"}, "goes away soon"),
        (
            {
                "deprecation": "@1688169599",
                "sunset": "Sun, 30 Jun 2024 23:59:59 GMT",
                "link": '<https://a.example/next>; rel="next", <https://a.example/end>; rel="deprecation"; type="text/html"',
            },
            "is deprecated as of 2023-06-30 and goes away on 2024-06-30 (see https://a.example/end)",
        ),
    ],
)
def test_what_is_said(headers, said):
    """RFC 9745 and its drafts, RFC 8594, and what only looks like them: a warning with a day where one can be read."""
    found = retirement(headers)
    assert found == (said and f"the service says that this address {said}")


class Tokens:
    """Gives one token."""

    def token(self):
        """Give it."""
        return "token"

    renew = token


def test_told_once(server, transport, answer):
    """However many answers announce the end, it is told once."""
    heard = []
    service = Service(server.url, transport, Tokens(), Throttle(0, 4), listen=heard.append)
    server.answer(answer(headers={"Sunset": "Sun, 30 Jun 2024 23:59:59 GMT"}))
    service.get("Tasks?$top=1")
    service.get("Tasks?$top=2")
    said = "the service says that this address goes away on 2024-06-30"
    assert heard == [Notice(None, f"GET Tasks: {said}.")]
    assert service.retirements == {said: "GET Tasks"}

"""A service that is asked so many questions and no more: a first contact is polite. Not here: which questions."""

from collections.abc import Mapping

from exepron_pipeline.errors import PermanentError
from exepron_pipeline.http.transport import Response
from exepron_pipeline.odata.service import Service

MOST = 140
"""Questions of one discovery; with signing in, and attempts that are repeated, fewer than 150 requests."""
_HINT = "Sync what is found, or wait for an hour; then look again, at single sets by their addresses (--url)."


class AskedEnoughError(PermanentError):
    """The questions of this discovery are used up; another one may go on."""


class Frugal:
    """A `Service` that refuses to ask more than so many questions.

    Args:
        service: Whom to ask; what it was asked before counts too.
        most: Requests in all; None: as many as are needed.
        why: The rule, in words.

    """

    def __init__(self, service: Service, most: int | None = MOST, why: str = "") -> None:
        self.base_url = service.base_url
        self._service, self._most = service, most
        self._why = why or f"a discovery asks at most {most} questions"

    @property
    def in_flight(self) -> int:
        """Requests that may be under way together."""
        return self._service.in_flight

    def get(
        self, address: str, headers: Mapping[str, str] | None = None, *, until: float | None = None
    ) -> Response:
        """Ask.

        Raises:
            AskedEnoughError: The questions are used up.
            ExepronError: As the service answers.

        """
        if self._most is not None and self._service.requests >= self._most:
            raise AskedEnoughError(f"not looked at: {self._why}", hint=_HINT)
        return self._service.get(address, headers, until=until)

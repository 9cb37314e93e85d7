"""Which forms of ``$filter`` a service has answered. Not here: asking (``service.py``), other forms (``style.py``).

Some services end in an error of their own, 500, where they cannot translate a condition, and no patience heals
it: of a form that was never answered, two of them are taken for a refusal.
"""

import re
import threading
from http import HTTPStatus
from urllib.parse import unquote

from exepron_pipeline.errors import RequestRejectedError, ServerUnavailableError
from exepron_pipeline.http.problems import problem_text, raise_for_status
from exepron_pipeline.http.transport import Response

FAILURES = 2
"""So often a question with an unproven condition may be answered with 500."""

_VALUE = re.compile(r"'(?:[^']|'')*'|\d[\w.:-]*")


class Conditions:
    """The forms of conditions that one service has answered; safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._answered: set[str] = set()
        self._failed: dict[str, int] = {}

    def judge(self, url: str, response: Response, what: str) -> None:
        """Take notice of an answer of any status.

        Args:
            url: The address that was asked.
            response: The answer.
            what: The question as the reader knows it.

        Raises:
            RequestRejectedError: The second 500 for a form that was never answered.

        """
        form = form_of(url)
        if form is None or not self._is_refused(form, response.status):
            return
        try:
            raise_for_status(response, what)
        except ServerUnavailableError as error:
            detail = problem_text(response)
            raise RequestRejectedError(
                error.message, status=response.status, detail=detail, hint=error.hint
            ) from None

    def _is_refused(self, form: str, status: int) -> bool:
        with self._lock:
            if status < HTTPStatus.BAD_REQUEST:
                self._answered.add(form)
            if form in self._answered or status != HTTPStatus.INTERNAL_SERVER_ERROR:
                return False
            self._failed[form] = self._failed.get(form, 0) + 1
            return self._failed[form] >= FAILURES


def form_of(url: str) -> str | None:
    """A question's path and condition with all values left out; None when it has no condition."""
    path, _, query = url.partition("?")
    condition = next((part for part in query.split("&") if part.startswith("$filter=")), None)
    return _VALUE.sub("?", unquote(f"{path} {condition}")) if condition else None

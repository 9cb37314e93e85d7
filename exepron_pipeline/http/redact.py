"""Redaction: no secret leaves in a log, a message or a representation.

Here: what a secret looks like, and the list of those we know. Not here: who logs. Whoever learns a
secret (settings, token answers, the token store) tells it to `remember_secret` before using it.
"""

import base64
import json
import logging
import re
import threading
from urllib.parse import quote, quote_plus

HIDDEN = "***"

_SHORTEST = 4  # hiding shorter texts would blank ordinary words and protect nothing
_NAMED = "access_token|refresh_token|id_token|client_secret|client_assertion|password|code_verifier"
_PATTERNS = (
    (re.compile(r"(?i)\b(authorization[\"']?\s*[:=]\s*[\"']?\w+)\s+[^\s\"',;]+"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{16,}"), rf"\1 {HIDDEN}"),
    (re.compile(r"\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)+"), HIDDEN),
    (re.compile(rf"(?i)\b({_NAMED})([\"']?\s*[=:]\s*[\"']?)[^\s&\"',;}}]+"), rf"\1\2{HIDDEN}"),
    (re.compile(r"(?i)\b(https?://)[^\s/@]+@"), rf"\1{HIDDEN}@"),
)


class _Secrets:
    """The secrets of this process, in every spelling in which they could show up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None

    def add(self, value: str) -> None:
        with self._lock:
            self._spellings |= _spellings(value)
            longest_first = sorted(self._spellings, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def hide(self, text: str) -> str:
        pattern = self._pattern
        return pattern.sub(HIDDEN, text) if pattern else text


_SECRETS = _Secrets()


def _spellings(value: str) -> set[str]:
    raw = value.encode()
    encoded = {base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode()}
    unpadded = {text.rstrip("=") for text in encoded}
    return {value, quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1]} | encoded | unpadded


def remember_secret(value: str | None) -> None:
    """Hide this value from now on, also where it is URL-encoded or in base64.

    Args:
        value: A password, client secret or token; None and texts below four characters are ignored.

    """
    if value and len(value) >= _SHORTEST:
        _SECRETS.add(value)


def redact(text: str) -> str:
    """Return ``text`` without known secrets and without anything that looks like one."""
    text = _SECRETS.hide(text)
    for pattern, shown in _PATTERNS:
        text = pattern.sub(shown, text)
    return text


class RedactingFilter(logging.Filter):
    """Redact log records. Put it on handlers: there it also sees what child loggers send."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace message and traceback text by their redacted form; no record is dropped."""
        record.msg, record.args = redact(record.getMessage()), None
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True

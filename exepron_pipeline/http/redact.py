"""Redaction: no secret leaves in a log, a message or a representation.

Here: what a secret looks like, and the list of those we know. Not here: who logs. Whoever learns a
secret (settings, token answers, the token store) tells it to `remember_secret` before using it.
"""

import base64
import html
import json
import logging
import re
import threading
import traceback
from urllib.parse import quote, quote_plus

HIDDEN = "***"

_SHORTEST_INSIDE = 8  # shorter pieces of base64 would be found in other words
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
    """The secrets of this process, in every spelling in which they could show up, the longest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._longest_first: list[str] = []

    def add(self, value: str) -> None:
        with self._lock:
            if value not in self._known:
                self._known.add(value)
                # A list of its own, as others may be reading the former one.
                self._longest_first = sorted(
                    {*self._longest_first, *_spellings(value)}, key=len, reverse=True
                )

    def hide(self, text: str) -> str:
        for spelling in self._longest_first:
            if spelling in text:  # most never are, and this is quicker than to replace
                text = text.replace(spelling, HIDDEN)
        return text


_SECRETS = _Secrets()


def _spellings(value: str) -> set[str]:
    escaped = {quote(value, safe=""), quote_plus(value)}
    lower_case = {re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), text) for text in escaped}
    quoted = {json.dumps(value)[1:-1], repr(value)[1:-1], html.escape(value)}
    return {value} | escaped | lower_case | quoted | _in_base64(value.encode())


def _in_base64(raw: bytes) -> set[str]:
    """In base64 of the secret alone, and of a longer text: three alignments, without the bits of its neighbours."""
    coded = base64.b64encode(raw).decode()
    found = {coded, coded.rstrip("=")}
    for before in range(3):
        inner = base64.b64encode(b"\0" * before + raw).decode()
        whole = inner[(before * 8 + 5) // 6 : len(bytes(before) + raw) * 8 // 6]
        found |= {whole} if len(whole) >= _SHORTEST_INSIDE else set()
    return found | {text.replace("+", "-").replace("/", "_") for text in found}


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


def redact_traceback(error: BaseException) -> str:
    """Return the traceback of an error, redacted, and without the values of variables."""
    shown = traceback.TracebackException.from_exception(error, capture_locals=False)
    return redact("".join(shown.format()))


class RedactingFilter(logging.Filter):
    """Redact log records. Put it on handlers: there it also sees what child loggers send."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace message and traceback by their redacted text; no record is dropped.

        The error itself is taken off the record: another handler could format it anew.
        """
        try:
            message = record.getMessage()
        except (TypeError, ValueError):  # arguments that do not fit, as logging itself would have said
            message = str(record.msg)
        record.msg, record.args = redact(message), None
        if record.exc_info and record.exc_info[1]:
            record.exc_text = redact_traceback(record.exc_info[1]).rstrip()
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        record.exc_info = None
        record.stack_info = redact(record.stack_info) if record.stack_info else None
        return True


_FILTER = RedactingFilter()


def redacting_logger(name: str) -> logging.Logger:
    """Return a logger whose own records are redacted, whatever handlers they reach."""
    logger = logging.getLogger(name)
    logger.addFilter(_FILTER)
    return logger

import base64
import logging
import sys
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.http.redact import RedactingFilter, redact, remember_secret


@given(st.text(min_size=6).filter(lambda text: not set(text) <= set("*")), st.text(max_size=20))
def test_a_remembered_secret_is_hidden_in_every_spelling(secret, around):
    """Raw, URL-encoded, form-encoded and base64 forms all vanish."""
    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    remember_secret(secret)
    coded = base64.b64encode(secret.encode()).decode()
    for spelling in (secret, quote(secret, safe=""), quote_plus(secret), coded):
        assert spelling not in redact(f"{around}<{spelling}>")


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer abcDEF123-._~+/=",
        "authorization: basic YWJjREVGMTIzOng=",
        "token eyJhbGciOi.eyJzdWIiOiIx.abcDEF123",
        "GET /x?access_token=abcDEF123&$top=5",
        "client_secret=abcDEF123&a=b",
        '{"password": "abcDEF123"}',
        "{'refresh_token': 'abcDEF123'}",
        "https://user:abcDEF123@proxy.example/",
    ],
)
def test_what_looks_like_a_secret_is_hidden(text):
    """Secrets that nobody has named are recognised by their form."""
    shown = redact(text)
    assert "abcDEF123" not in shown
    assert "YWJj" not in shown
    assert "***" in shown


@pytest.mark.parametrize(
    "text", ["GET Accounts/1/Users?$top=5", "The password is wrong.", "Basic settings", ""]
)
def test_other_text_stays(text):
    """Messages stay readable."""
    assert redact(text) == text


def test_short_texts_are_no_secrets():
    """A password of one letter would blank every message."""
    remember_secret("e")
    remember_secret(None)
    assert redact("seen") == "seen"


def test_log_records_are_redacted_with_arguments_and_traceback():
    """The filter hides secrets in the message, its arguments and the traceback."""
    remember_secret("geheim-42")
    try:
        int("geheim-42")
    except ValueError:
        record = logging.LogRecord("a", 20, "f", 1, "%s and %s", ("geheim-42", "more"), sys.exc_info())
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "*** and more"
    assert "geheim-42" not in logging.Formatter().format(record)

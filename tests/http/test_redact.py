import base64
import html
import json
import logging
import re
import sys
import time
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.http.redact import (
    RedactingFilter,
    redact,
    redact_traceback,
    redacting_logger,
    remember_secret,
)


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


@given(st.binary(min_size=12, max_size=40), st.binary(max_size=7), st.binary(max_size=7))
def test_a_secret_within_longer_base64_is_hidden(secret, before, after):
    """Base64 of a whole header or form shows the secret at one of three alignments; no reader gets it back."""
    word = secret.hex()
    remember_secret(word)
    coded = base64.b64encode(before + word.encode() + after).decode()
    for text in (coded, coded.replace("+", "-").replace("/", "_")):
        shown = redact(f"<{text}>")
        assert "***" in shown
        assert not [reading for reading in _readings(shown) if word[2:-2].encode() in reading]


def _readings(shown):
    """What a reader gets out of the pieces that are left, wherever they begin."""
    for piece in re.split(r"[^A-Za-z0-9+/]+", shown.replace("-", "+").replace("_", "/")):
        for begin in range(4):
            whole = piece[begin:][: (len(piece) - begin) // 4 * 4]
            yield base64.b64decode(whole)


@pytest.mark.parametrize("spell", [repr, json.dumps, html.escape, lambda text: quote(text, safe="").lower()])
def test_a_secret_is_hidden_as_programs_quote_it(spell):
    """Representations, JSON, web pages and percent signs in small letters."""
    secret = "a\"b'c\\d&e<f>+/=é"
    remember_secret(secret)
    assert "***" in redact(f"said {spell(secret)} here")


def test_many_secrets_are_quick_to_remember_and_to_hide():
    """A process that lives for weeks learns thousands of tokens."""
    began = time.process_time()
    for number in range(300):
        remember_secret(f"token-{number:05d}-" + "x" * 800)
    for _ in range(100):
        redact("GET Accounts/1/Users?$top=5 " * 10)
    assert time.process_time() - began < 5


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


def test_an_error_is_taken_off_the_record():
    """Another handler, such as Dagster's, formats an error anew and knows nothing of secrets."""
    remember_secret("geheim-42")
    try:
        int("geheim-42")
    except ValueError:
        record = logging.LogRecord("a", 20, "f", 1, "no", None, sys.exc_info(), sinfo="at geheim-42")
    RedactingFilter().filter(record)
    assert record.exc_info is None
    assert "ValueError: invalid literal for int() with base 10: '***'" in record.exc_text
    assert record.stack_info == "at ***"


def test_a_record_whose_arguments_do_not_fit_is_no_error():
    """A mistake in a log call does not stop the program; its text is shown redacted."""
    remember_secret("geheim-42")
    record = logging.LogRecord("a", 20, "f", 1, "geheim-42 %s %s", ("one",), None)
    assert RedactingFilter().filter(record)
    assert record.getMessage() == "*** %s %s"


def test_a_traceback_shows_no_values_of_variables():
    """`--debug` tells where, and what was raised, redacted; what variables held stays out."""

    def fail(word):
        raise ValueError(f"not {word}")

    remember_secret("geheim-42")
    try:
        fail("geheim-42")
    except ValueError as error:
        shown = redact_traceback(error)
    assert "ValueError: not ***" in shown
    assert "in fail" in shown
    assert "geheim" not in shown


def test_our_loggers_redact_whatever_handlers_they_reach(caplog):
    """Where another program sets up logging, ours is still safe."""
    remember_secret("geheim-42")
    with caplog.at_level(logging.INFO):
        redacting_logger("exepron_pipeline.anything").info("with %s", "geheim-42")
    assert caplog.messages == ["with ***"]

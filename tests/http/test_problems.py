import json

import pytest

from exepron_pipeline.errors import (
    AuthRejectedError,
    EntitySetMissingError,
    NotPermittedError,
    PermanentError,
    RateLimitedError,
    RequestRejectedError,
    ResponseError,
    ServerUnavailableError,
)
from exepron_pipeline.http.problems import problem_text, raise_for_html, raise_for_status
from exepron_pipeline.http.redact import remember_secret
from exepron_pipeline.http.transport import Response


def _response(status=400, body=b"", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(
        status, named, body if isinstance(body, bytes) else json.dumps(body).encode(), "http://x/", 0.1
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (401, AuthRejectedError),
        (403, NotPermittedError),
        (404, EntitySetMissingError),
        (405, EntitySetMissingError),
        (429, RateLimitedError),
        (408, ServerUnavailableError),
        (425, ServerUnavailableError),
        (500, ServerUnavailableError),
        (503, ServerUnavailableError),
        (599, ServerUnavailableError),
        (501, RequestRejectedError),
        (400, RequestRejectedError),
        (414, RequestRejectedError),
        (302, PermanentError),
        (304, PermanentError),
    ],
)
def test_each_status_has_its_error(status, error):
    """What may be tried again, what may not, and what is merely not offered are told apart by type."""
    with pytest.raises(error, match=rf"GET Accounts/1/Users was answered with {status}") as caught:
        raise_for_status(_response(status), "GET Accounts/1/Users")
    assert type(caught.value) is error


@pytest.mark.parametrize("status", [200, 201, 204])
def test_success_is_no_problem(status):
    """2xx passes."""
    raise_for_status(_response(status), "GET x")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"error": {"code": "400", "message": "No such field"}}, "No such field"),
        ({"error": {"message": {"lang": "en", "value": "No such field"}}}, "No such field"),
        ({"odata.error": {"code": "", "message": {"value": "No such field"}}}, "No such field"),
        ({"Message": "No such field"}, "No such field"),
        ({"error": "No such field"}, "No such field"),
        ({"error": "invalid_scope", "error_description": "No"}, "invalid_scope: No"),
        ({"type": "about:blank", "title": "Bad", "status": 400, "detail": "No field"}, "Bad: No field"),
        ({"title": "Bad"}, "Bad"),
        ("No such field", "No such field"),
        ({"other": 1}, '{"other": 1}'),
        (
            {"Message": "The request is invalid.", "ModelState": {"top": ["Too large.", "Odd."], "": ["x"]}},
            "The request is invalid. top: Too large. top: Odd. x",
        ),
        (
            {
                "Message": "An error has occurred.",
                "ExceptionMessage": "No field 'a'.",
                "ExceptionType": "ODataException",
                "StackTrace": "at Secret.Place()",
                "InnerException": {"Message": "An error has occurred.", "ExceptionMessage": "Deeper"},
            },
            "An error has occurred. No field 'a'. Deeper",
        ),
        (
            {
                "error": {
                    "code": "x",
                    "message": "Bad",
                    "innererror": {"message": "No field", "stacktrace": "at"},
                }
            },
            "Bad. No field",
        ),
        (
            {
                "error": {
                    "message": "Bad",
                    "details": [{"message": "One"}, {"message": "Bad"}, {"message": "Two"}],
                }
            },
            "Bad. One. Two",
        ),
        (
            {"error": {"message": {"value": "Bad"}, "innererror": {"errordetails": [{"message": "One"}]}}},
            "Bad. One",
        ),
        (
            {"title": "One or more validation errors occurred.", "status": 400, "errors": {"$top": ["Odd"]}},
            "One or more validation errors occurred. $top: Odd",
        ),
        ({"errors": [{"message": "One"}, "Two"]}, "One. Two"),
        ({"error": {"message": 5}}, '{"error": {"message": 5}}'),
        (b"[" * 50_000, "[" * 500),
        (
            b"<Error><Message>An error has occurred.</Message><ExceptionMessage>No</ExceptionMessage></Error>",
            "An error has occurred. No",
        ),
        (b"<?xml version='1.0'?><e><message><![CDATA[No <field>]]></message></e>", "No"),
        (b"<s:Fault><faultstring>No field</faultstring></s:Fault>", "No field"),
        ("\ufeff<e><message>Größe</message></e>".encode("utf-16-le"), "Größe"),
        (b"Project with id '5'\r\n not found", "Project with id '5' not found"),
        (b"<!DOCTYPE html><html><head><title>Sign &amp; in</title></head><p>x", "Sign & in"),
        (b"<html><body><h1>502 <b>Bad</b></h1></body></html>", "502 Bad"),
        (
            b'<m:error xmlns:m="u"><m:code/><m:message xml:lang="en">No field</m:message></m:error>',
            "No field",
        ),
        (b"{broken", "{broken"),
        (b'\xef\xbb\xbf{"Message":"BOM"}', "BOM"),
        (b"\xc3(\xff", "\ufffd(\ufffd"),
        (b"", ""),
    ],
)
def test_bodies_of_every_kind_become_one_line(body, text):
    """The service's own words are found, whatever server it is."""
    assert problem_text(_response(400, body)) == text


def test_the_encoding_that_a_body_declares_is_believed():
    """Text of another encoding than UTF-8 is read as its header says, and never fails."""
    german = {"content_type": "text/plain; charset=iso-8859-1"}
    assert problem_text(_response(400, "Größe".encode("latin-1"), **german)) == "Größe"
    assert problem_text(_response(400, b"Size", content_type="text/plain; charset=klingon")) == "Size"


def test_a_stack_trace_is_not_quoted():
    """Of a long page with a stack trace only the message is shown."""
    body = {"Message": "Bad", "StackTrace": "at A()\n" * 9000}
    assert problem_text(_response(500, body)) == "Bad"


@pytest.mark.timeout(10)
@pytest.mark.parametrize(
    "body", [b"<title>" * 15_000, b"<" * 100_000, b"<![CDATA[" * 11_000, b"<message " * 9_000]
)
def test_hostile_markup_takes_no_time(body):
    """A body that is made to be hard to search is given up soon."""
    problem_text(_response(400, body))


def test_the_message_is_short_and_without_secrets():
    """At most 500 characters of a body are shown, redacted before they are cut."""
    remember_secret("geheimes-wort")
    with pytest.raises(RequestRejectedError) as caught:
        raise_for_status(_response(400, b"geheimes-wort " + b"x" * 5000), "GET a?access_token=abc12345")
    assert caught.value.status == 400
    assert caught.value.detail.startswith("*** x")
    assert len(caught.value.detail) == 500
    assert "abc12345" not in str(caught.value)


def test_a_body_that_repeats_the_status_is_not_quoted():
    """`404 Not Found: Not Found` tells nothing more."""
    with pytest.raises(EntitySetMissingError, match=r"with 404 Not Found\. "):
        raise_for_status(_response(404, b"Not Found"), "GET x")


def test_a_bare_401_tells_what_its_challenge_says():
    """The reason of a 401 often is in its header alone."""
    challenge = 'Bearer error="invalid_token", error_description="The token expired"'
    with pytest.raises(AuthRejectedError, match="The token expired"):
        raise_for_status(_response(401, b"", www_authenticate=challenge), "GET x")


def test_the_wait_that_was_asked_for_is_kept():
    """429 and 503 carry their Retry-After."""
    with pytest.raises(RateLimitedError) as limited:
        raise_for_status(_response(429, b"", retry_after="17"), "GET x")
    with pytest.raises(ServerUnavailableError) as down:
        raise_for_status(_response(503), "GET x")
    assert (limited.value.retry_after, down.value.retry_after) == (17, None)


def test_a_redirect_to_a_login_page_is_said_so():
    """The reader learns that a login page answers, without the query of its address."""
    location = "https://id.example/Account/Login?ReturnUrl=%2Fsecret"
    with pytest.raises(PermanentError, match=r"a login page, https://id\.example/Account/Login\.") as caught:
        raise_for_status(_response(302, b"", location=location), "GET x")
    assert "ReturnUrl" not in str(caught.value)


def test_a_web_page_is_no_data():
    """200 with HTML is refused with the page's title."""
    page = _response(200, b"<html><title>Log in</title>", content_type="text/html; charset=utf-8")
    with pytest.raises(ResponseError, match="a web page: Log in"):
        raise_for_html(page, "GET x")
    raise_for_html(_response(200, [], content_type="application/json"), "GET x")

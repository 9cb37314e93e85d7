"""A recording is a file that nobody vouches for, and it holds everything: only addresses of lists are taken from it."""

import base64
import json
import os

import pytest

from exepron_pipeline.discover import recording
from exepron_pipeline.discover.recording import read_recording
from exepron_pipeline.errors import ConfigurationError

HOST = "https://api.example.com/api/v1"


def call(path, body=None, *, method="GET", status=200, kind="application/json", **content):
    """One entry; without a body the recording has none."""
    text = {} if body is None else {"text": body if isinstance(body, str) else json.dumps(body)}
    return {
        "request": {
            "method": method,
            "url": f"{HOST}/{path}",
            "headers": [{"name": "Authorization", "value": "Bearer x"}],
        },
        "response": {"status": status, "content": {"mimeType": kind, **text, **content}},
    }


def read(folder, *entries, log=None):
    """What is left of a recording of these entries."""
    place = folder / "calls.har"
    place.write_text(json.dumps({"log": {"entries": list(entries)} if log is None else log}))
    return read_recording(place)


ROWS = [{"id": 1}]


def test_lists_are_found_in_every_wrapping(tmp_path):
    """Bare, wrapped as OData does, wrapped by nobody's rule, in base64, or not kept: their addresses are taken."""
    coded = base64.b64encode(json.dumps(ROWS).encode()).decode()
    found = read(
        tmp_path,
        call("a", ROWS),
        call("b", {"value": ROWS}),
        call("c", {"data": {"rows": ROWS}, "ok": True}),
        call("d", coded, encoding="base64"),
        call("e"),
        call("f", status=304),
        call("a", ROWS),
    )
    assert found.lists == tuple(f"{HOST}/{name}" for name in "abcdef")


def test_what_is_no_list_is_counted(tmp_path):
    """Single records, broken bodies, calls that write: they are counted, and their addresses are forgotten."""
    found = read(
        tmp_path,
        call("one", {"id": 1}),
        call("broken", '[{"id": 1,,' + " " * 5_000),
        call("error", {"error": {"details": ROWS}}),
        call("deep", "[" * 200_000),
        call("bad-base64", "a", encoding="base64"),
        call("written", ROWS, method="POST"),
    )
    assert found.lists == (f"{HOST}/bad-base64",)  # as if it had not been kept
    assert (found.others, found.written) == (4, 1)


def test_what_browsers_make_of_answers(tmp_path):
    """Firefox cuts off what is large, Chromium keeps nothing of what was cached, Safari names no type, Charles codes all in base64."""
    rows = json.dumps([{"id": number, "name": "x" * 40} for number in range(500)])
    coded = base64.b64encode(rows.encode()).decode()
    found = read(
        tmp_path,
        call("firefox", rows[: len(rows) // 2]),
        call("firefox-in-base64", coded[: len(coded) // 8 * 4], encoding="base64"),
        call("chromium", status=304, kind=""),
        call("safari", rows, kind=""),
        call("charles", coded, encoding="base64", kind="application/octet-stream"),
        call("mark", "\ufeff" + rows),
    )
    assert [url.rpartition("/")[2] for url in found.lists] == [
        "firefox",
        "firefox-in-base64",
        "chromium",
        "safari",
        "charles",
        "mark",
    ]


def test_what_asks_for_no_data_is_no_call(tmp_path):
    """Questions of the browser itself, redirects, sockets and empty answers are neither lists nor changes."""
    socket = call("socket", status=101)
    socket["request"]["url"] = "wss://api.example.com/api/v1/socket"
    found = read(
        tmp_path,
        call("a", method="OPTIONS"),
        call("a", method="HEAD"),
        call("a", method="CONNECT"),
        call("signin?code=hush", status=302),
        call("beacon", status=204, method="POST"),
        socket,
        call("login", {"token": "hush"}, method="POST"),
    )
    assert (found.lists, found.others, found.written) == ((), 0, 1)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_every_unicode_is_read(tmp_path, encoding):
    """A recording that another program saved in another Unicode is read all the same."""
    place = tmp_path / "calls.har"
    place.write_text(json.dumps({"log": {"entries": [call("ä", ROWS)]}}, ensure_ascii=False), encoding)
    assert read_recording(place).lists == (f"{HOST}/ä",)


def test_parts_of_a_page_are_passed_over(tmp_path):
    """Thousands of pictures and scripts, failed calls and entries without sense cost nothing."""
    pictures = [call(f"p{n}.png", "x" * 20, kind="image/png", encoding="base64") for n in range(5_000)]
    scripts = [call(f"s{n}.js", kind="") for n in range(2_000)]
    odd = [
        1,
        None,
        {},
        {"request": 1},
        {"request": {"url": 7}},
        {"request": {"url": "http://[", "method": 3}},
    ]
    failed = [call("no", ROWS, status=status) for status in (0, 401, 404, 500)]
    found = read(tmp_path, *pictures, *scripts, *odd, *failed, call("yes", ROWS))
    assert found.lists == (f"{HOST}/yes",)
    assert found.entries == 7_000 + 4 + 4 + 1  # what is no object is none


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"log": {"entries": {}}}',
        "[" * 100_000,
        "\x00\xff",
        '{"log": ' + "9" * 5_000 + "}",
    ],
)
def test_what_is_no_recording_is_said(tmp_path, text):
    """A file that is something else is refused in a sentence that says how to make one, and holds nothing of it."""
    place = tmp_path / "calls.har"
    place.write_text(text)
    with pytest.raises(ConfigurationError, match="no recording") as raised:
        read_recording(place)
    assert "Network" in raised.value.hint
    assert "999" not in raised.value.message


def test_the_size_is_bounded(tmp_path, monkeypatch):
    """A file that is too large is not read at all; one that is missing is said to be."""
    place = tmp_path / "calls.har"
    with place.open("wb") as file:
        os.truncate(file.fileno(), recording.LARGEST + 1)
    with pytest.raises(ConfigurationError, match="256 MB"):
        read_recording(place)
    with pytest.raises(ConfigurationError, match="No such file"):
        read_recording(tmp_path / "missing.har")

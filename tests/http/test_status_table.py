"""The table of status codes in docs/errors.md, row by row against the code."""

import re
from http import HTTPStatus
from pathlib import Path

import pytest

from exepron_pipeline import errors
from exepron_pipeline.http.problems import raise_for_status
from exepron_pipeline.http.transport import Response

TEXT = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| (\d{3}) \| ([^|]+) \| `(\w+)` \| (yes|no) \| ([^|]+) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize(("status", "phrase", "error", "again", "then"), ROWS)
def test_each_row_is_true(status: str, phrase: str, error: str, again: str, then: str) -> None:
    """Each status is raised as the error of its row, whose type says whether it is tried again."""
    answer = Response(int(status), {}, b'{"error": {"message": "No"}}', "http://x/", 0.1)
    with pytest.raises(errors.ExepronError) as caught:
        raise_for_status(answer, "GET x")
    assert type(caught.value).__name__ == error
    assert isinstance(caught.value, errors.TransientError) == (again == "yes")
    assert str(caught.value).startswith(f"GET x was answered with {status} ")
    assert "No" in str(caught.value)
    assert then


def test_no_status_is_left_out() -> None:
    """Every registered status from 400 to 504 has its row, in order."""
    named = [int(status) for status, *_ in ROWS]
    assert named == [status.value for status in HTTPStatus if 400 <= status <= 504]


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_is_an_error_of_ours(status: int) -> None:
    """No status from 400 to 599 passes, registered or not; what is not known follows its hundred."""
    with pytest.raises(errors.ExepronError) as caught:
        raise_for_status(Response(status, {}, b"", "http://x/", 0.1), "GET x")
    if status not in {int(row[0]) for row in ROWS} | {505, 511}:
        assert isinstance(caught.value, errors.TransientError) == (status >= 500)


def test_no_code_is_treated_alike_without_a_reason() -> None:
    """Every error of the table is one of the tree that the page lists first."""
    listed = set(re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE))
    assert {error for _, _, error, *_ in ROWS} <= listed

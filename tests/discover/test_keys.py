"""The key, where only records can tell."""

import pytest

from exepron_pipeline.discover.keys import find_key, key_candidates
from exepron_pipeline.odata.metadata.samples import describe_records


def key(name, rows):
    """The key that is found."""
    described = describe_records(name, name, rows)
    return find_key(described, rows, key_candidates(described, rows))


@pytest.mark.parametrize(
    ("name", "row", "expected"),
    [
        ("members", lambda n: {"team_ref": n % 9, "member_ref": n, "name": "x"}, ("member_ref",)),
        ("notes", lambda n: {"id": n, "noteId": n}, ("id",)),
        ("needs", lambda n: {"task_ref": n // 5, "skill_ref": n % 5, "amount": n}, ("task_ref", "skill_ref")),
        ("trends", lambda n: {"plan_ref": n // 7, "day": f"2026-01-{n % 7 + 1:02}", "value": n / 10}, ("plan_ref", "day")),
        ("things", lambda n: {"code": f"c{n}", "weight": n}, ("code",)),
        ("logs", lambda n: {"text": "x", "at": f"2026-01-01T00:00:{n % 60:02}Z"}, ()),
    ],
)  # fmt: skip
def test_the_first_sensible_combination(name, row, expected):
    """A name that speaks for itself, else an id that differs, else ids together, with a day if need be."""
    assert key(name, [row(n) for n in range(40)]) == expected


def test_few_records_prove_nothing():
    """Where three records differ in everything by accident, all ids together are the key."""
    rows = [{"from_plan_ref": n, "from_task_ref": 10 + n, "to_task_ref": 20 + n, "lag": n} for n in range(3)]
    assert key("handovers", rows) == ("from_plan_ref", "from_task_ref", "to_task_ref")


def test_a_property_that_is_ever_empty_is_no_key():
    """A key is filled in every record."""
    assert key("things", [{"id": n or None, "thing_no": n} for n in range(30)]) == ("thing_no",)

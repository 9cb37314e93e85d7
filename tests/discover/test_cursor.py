"""A cursor is verified by real filters."""

from datetime import UTC, datetime

import pytest

from exepron_pipeline.odata.capabilities import Capabilities
from exepron_pipeline.odata.cursor import verify_cursor
from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.filter import KeyPart

PART = KeyPart("changed", "timestamp")
NOW = datetime(2026, 6, 1, tzinfo=UTC)
WORKS = Capabilities(top=True, orderby=True, filter=True)


class Looker:
    """Filters its records as a test wishes: by instants, not at all, or refusing some forms."""

    def __init__(self, stamps, *, ignores=False, refuses="", dialect="odata4"):
        self.dialect = DIALECTS[dialect]
        self.rows = [{"id": n, "changed": stamp} for n, stamp in enumerate(stamps)]
        self.asked = []
        self._ignores, self._refuses = ignores, refuses

    def tried(self, query):
        """Answer one question."""
        self.asked.append(query.filter)
        rows = list(self.rows)
        if query.orderby:
            rows.sort(key=lambda row: row["changed"] or "", reverse=True)
        if query.filter and not self._ignores:
            if self._refuses and self._refuses in query.filter:
                return None
            rows = [row for row in rows if any(map(self.meets(row), query.filter.split(" or ")))]
        return rows[: query.top]

    @staticmethod
    def meets(row):
        """Judges one comparison of a condition."""

        def judge(condition):
            name, _, literal = condition.split(" ", 2)
            if literal == "null":
                return row[name] is None
            bound = literal.removeprefix("datetimeoffset").removeprefix("datetime").strip("'").rstrip("Z")
            return bool(row[name]) and row[name].rstrip("Z") >= bound

        return judge


def verdict(looker, part=PART, rows=None):
    """The verdict on the property, as of June 2026."""
    return verify_cursor(looker, part, looker.rows if rows is None else rows, WORKS, now=lambda: NOW)


STAMPS = [f"2026-03-{day:02}T10:00:00Z" for day in range(1, 20)]


def test_a_good_one():
    """Two questions tell: all records come from the first stamp on; none from after the last one, or without one."""
    looker = Looker(STAMPS)
    found = verdict(looker)
    assert (found.works, found.form) == (True, "{utc}Z")
    behind = "changed ge 2026-03-20T10:00:00Z or changed eq null"
    assert looker.asked == ["changed ge 2026-02-28T10:00:00Z", behind]


def test_the_form_that_is_taken_is_found():
    """Where the type is not known, forms are tried in turn; a day has the form of days."""
    assert verdict(Looker(STAMPS, refuses="Z")).form == "{utc}"
    days = Looker([stamp[:10] for stamp in STAMPS])
    assert verdict(days, KeyPart("changed", "Edm.Date")).works
    assert days.asked[-1] == "changed ge 2026-02-28"


@pytest.mark.parametrize(
    ("stamps", "how", "why"),
    [
        (STAMPS, {"ignores": True}, "no filter"),
        (STAMPS, {"refuses": "2026"}, "no filter"),
        ([*STAMPS, None], {}, "empty in some records"),
        ([None, None], {}, "no value"),
        ([*STAMPS, "9999-12-31T23:59:59Z"], {}, "9999-12-31"),
        ([], {}, "no value"),
    ],
)
def test_bad_ones(stamps, how, why):
    """Ignored and refused filters, records without a stamp, and stamps that are yet to come make no cursor."""
    found = verdict(Looker(stamps, **how))
    assert not found.works
    assert why in found.problem


def test_empty_ones_outside_of_the_sample_are_found():
    """A record without a stamp is looked for by a filter, not only among the records seen."""
    looker = Looker([*STAMPS, None])
    assert "empty" in verdict(looker, rows=looker.rows[:3]).problem

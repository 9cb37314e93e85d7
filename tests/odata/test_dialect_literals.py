from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.literals import literal, quoted, stamp_literal

NOON = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("name", "value", "type_", "text"),
    [
        ("g2", NOON, "timestamp", "2026-03-11T12:00:00Z"),
        ("g3", NOON.replace(microsecond=120_000), "timestamp", "2026-03-11T12:00:00.12Z"),
        ("g1", NOON, "timestamp", "datetime'2026-03-11T12:00:00'"),
        ("odata2", NOON, "timestamp", "datetimeoffset'2026-03-11T12:00:00Z'"),
        (
            "odata2",
            "2026-03-11T12:00:00.1234567Z",
            "Edm.DateTimeOffset",
            "datetimeoffset'2026-03-11T12:00:00.1234567Z'",
        ),
        ("odata4", "2026-03-11T12:00:00.1234567Z", "Edm.DateTimeOffset", "2026-03-11T12:00:00.1234567Z"),
        ("odata4", date(1, 1, 1), "date", "0001-01-01"),
        ("odata2", date(9999, 12, 31), "date", "datetime'9999-12-31T00:00:00'"),
        ("odata4", time(21, 14, 35), "time", "21:14:35"),
        ("odata2", time(21, 14, 35), "time", "time'PT21H14M35.000000S'"),
        ("g2", Decimal("0.10"), "decimal(18,2)", "0.10"),
        ("odata2", Decimal("1E+3"), "decimal(18,2)", "1000M"),
        ("g2", 2**63 - 1, "int", "9223372036854775807"),
        ("g2", True, "bool", "true"),
        ("g2", None, "int", "null"),
        ("g2", float("-inf"), "float", "-INF"),
        ("g2", 1.5, "float", "1.5"),
        ("odata4", "0d3f-1", "guid", "0d3f-1"),
        ("odata3", "0d3f-1", "guid", "guid'0d3f-1'"),
        ("g2", "O'Brien", "text", "'O''Brien'"),
        ("odata4", b"\xff\xfe", "binary", "binary'__4='"),
    ],
)
def test_literal_forms(name: str, value: object, type_: str, text: str) -> None:
    """Each dialect writes each type in its own form."""
    assert literal(value, type_, DIALECTS[name]) == text


def test_instants_are_written_in_utc() -> None:
    """An instant in another zone is the same literal as in UTC; one without zone is refused."""
    there = NOON.astimezone(timezone(timedelta(hours=-5)))
    assert literal(there, "timestamp", DIALECTS["g2"]) == literal(NOON, "timestamp", DIALECTS["g2"])
    with pytest.raises(ValueError, match="no zone"):
        stamp_literal(NOON.replace(tzinfo=None), "{utc}Z")


@given(st.datetimes(timezones=st.just(UTC)))
def test_stamps_round_trip(value: datetime) -> None:
    """No instant of years 1 to 9999 loses a microsecond in its literal."""
    assert datetime.fromisoformat(literal(value, "timestamp", DIALECTS["g3"])) == value


@given(st.text())
def test_text_stays_inside_its_quotes(text: str) -> None:
    """Quotes inside a text are doubled, so that no text can end its literal."""
    inner = quoted(text)[1:-1]
    assert inner.replace("''", "").count("'") == 0
    assert inner.replace("''", "'") == text

"""Literals come back: V4 through a parser of other people's making, V2 and what that cannot read through ours."""

import base64
import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from odata_query import ast
from odata_query.grammar import ODataLexer, ODataParser

from exepron_pipeline.odata.dialect import DIALECTS
from exepron_pipeline.odata.filter import KeyPart, compare
from exepron_pipeline.odata.literals import duration_text, literal
from exepron_pipeline.odata.query import Query

V4, V2 = DIALECTS["odata4"], DIALECTS["odata2"]
INSTANTS = st.datetimes(timezones=st.just(UTC))
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=6)
SPANS = st.timedeltas(timedelta(-9999), timedelta(9999))


def parsed(text: str) -> Any:
    """What odata-query makes of `name eq literal`, sent through the address as we encode it."""
    sent = Query(filter=f"a eq {text}").encode(V4).removeprefix("$filter=")
    tree = ODataParser().parse(ODataLexer().tokenize(unquote(sent)))
    assert isinstance(tree, ast.Compare)
    return tree.right


# -- OData 4 through odata-query, which knows years from 1000 on, no binary, and no minus but as an operator ------


@given(INSTANTS)
def test_instants_of_v4(value: datetime) -> None:
    """An instant is the same instant to another reader."""
    assume(value.year >= 1000)
    found = parsed(literal(value, "Edm.DateTimeOffset", V4))
    assert isinstance(found, ast.DateTime)
    assert datetime.fromisoformat(found.val) == value


@given(st.dates(date(1000, 1, 1)), st.times())
def test_days_and_times_of_v4(day: date, moment: time) -> None:
    """Days and times of day are bare, without quotes."""
    found = parsed(literal(day, "Edm.Date", V4))
    assert (type(found), date.fromisoformat(found.val)) == (ast.Date, day)
    found = parsed(literal(moment, "Edm.TimeOfDay", V4))
    assert (type(found), time.fromisoformat(found.val)) == (ast.Time, moment)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_texts_of_v4(value: str) -> None:
    """Any text comes back, quotes and all, and never ends its literal early."""
    found = parsed(literal(value, "Edm.String", V4))
    assert (type(found), found.val) == (ast.String, value)


@given(st.integers(-(2**63), 2**63 - 1), DECIMALS, st.uuids(), st.booleans())
def test_numbers_guids_and_truth_of_v4(whole: int, number: Decimal, guid: UUID, truth: bool) -> None:
    """Numbers keep every digit, guids are bare, truth is lower case."""
    assert int(parsed(literal(whole, "Edm.Int64", V4)).val) == whole
    assert Decimal(parsed(literal(number, "Edm.Decimal", V4)).val) == number
    found = parsed(literal(str(guid), "Edm.Guid", V4))
    assert (type(found), UUID(found.val)) == (ast.GUID, guid)
    assert parsed(literal(truth, "Edm.Boolean", V4)).val == str(truth).lower()
    assert isinstance(parsed(literal(None, "Edm.String", V4)), ast.Null)


@given(SPANS)
def test_spans_of_v4(value: timedelta) -> None:
    """A duration is ISO 8601 in quotes, with its prefix."""
    found = parsed(literal(value, "Edm.Duration", V4))
    assert isinstance(found, ast.Duration)
    assert _span(found.val) == value


# -- what odata-query cannot read, and OData 2 and 3, through a lexer of our own -----------------------------------

FORMS = {
    "text": r"'((?:[^']|'')*)'",
    "wall time": r"datetime'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?)'",
    "instant": r"datetimeoffset'(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)'",
    "bare instant": r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?Z)",
    "time": r"time'(-?P[0-9DTHMS.]+)'",
    "guid": r"guid'([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})'",
    "bytes": r"X'((?:[0-9a-f]{2})*)'",
    "base64": r"binary'([A-Za-z0-9_=-]*)'",
    "decimal": r"(-?\d+(?:\.\d+)?)M",
    "long": r"(-?\d+)L",
    "single": r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?INF|NaN)f",
    "number": r"(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|-?INF|NaN)",
    "truth": r"(true|false)",
    "null": r"(null)",
    "enum": r"[A-Za-z_][\w.]*\.[A-Za-z_]\w*'([^']*)'",
}


def lexed(text: str) -> tuple[str, str]:
    """The one token that a literal is, and what stands in it (OData 2 "Abstract Type System")."""
    sent = unquote(Query(filter=text).encode(V2).removeprefix("$filter="))
    (found,) = [(name, m[1]) for name, form in FORMS.items() if (m := re.fullmatch(form, sent, re.DOTALL))]
    return found


def _span(text: str) -> timedelta:
    match = re.fullmatch(r"(-?)P(?:(\d+)D)?T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?", text)
    assert match
    days, hours, minutes = (int(part or 0) for part in match.group(2, 3, 4))
    micro = int(Decimal(match[5] or 0) * 1_000_000)
    span = timedelta(days=days, hours=hours, minutes=minutes, microseconds=micro)
    return -span if match[1] else span


@given(INSTANTS)
def test_instants_of_v2(value: datetime) -> None:
    """The form follows the property's type: with the zone, or as wall time in UTC."""
    kind, inner = lexed(literal(value, "Edm.DateTimeOffset", V2))
    assert (kind, datetime.fromisoformat(inner)) == ("instant", value)
    kind, inner = lexed(literal(value, "Edm.DateTime", V2))
    assert (kind, datetime.fromisoformat(inner).replace(tzinfo=UTC)) == ("wall time", value)
    kind, inner = lexed(literal(value, "Edm.DateTimeOffset", V4))
    assert (kind, datetime.fromisoformat(inner)) == ("bare instant", value)


@given(st.dates())
def test_days_take_the_form_of_their_property(value: date) -> None:
    """A day that a service keeps as an instant is compared as an instant: types that differ are refused."""
    assert lexed(literal(value, "Edm.DateTime", V2)) == ("wall time", f"{value}T00:00:00")
    assert lexed(literal(value, "Edm.DateTimeOffset", V2)) == ("instant", f"{value}T00:00:00Z")
    assert lexed(literal(value, "Edm.DateTimeOffset", V4)) == ("bare instant", f"{value}T00:00:00Z")
    assert lexed(literal(value, "date", V2)) == ("wall time", f"{value}T00:00:00")


@given(st.text(st.characters(exclude_categories=["Cs"])), st.binary(), st.uuids())
def test_texts_bytes_and_guids_of_v2(text: str, content: bytes, guid: UUID) -> None:
    """Texts double their quotes; bytes are hexadecimal before OData 4, and base64url since."""
    kind, inner = lexed(literal(text, "Edm.String", V2))
    assert (kind, inner.replace("''", "'")) == ("text", text)
    kind, inner = lexed(literal(content, "Edm.Binary", V2))
    assert (kind, bytes.fromhex(inner)) == ("bytes", content)
    kind, inner = lexed(literal(content, "Edm.Binary", V4))
    assert (kind, base64.urlsafe_b64decode(inner)) == ("base64", content)
    for given_as in (str(guid), guid):
        assert lexed(literal(given_as, "Edm.Guid", V2)) == ("guid", str(guid))


@given(st.integers(-(2**63), 2**63 - 1), DECIMALS, st.floats(), st.times(), SPANS)
def test_numbers_and_spans_of_v2(
    whole: int, number: Decimal, double: float, moment: time, span: timedelta
) -> None:
    """Numbers carry their type's letter; what is no number has OData's name."""
    assert lexed(literal(whole, "Edm.Int64", V2)) == ("long", str(whole))
    assert lexed(literal(whole, "Edm.Int32", V2)) == ("number", str(whole))
    kind, inner = lexed(literal(number, "Edm.Decimal", V2))
    assert (kind, Decimal(inner)) == ("decimal", number)
    for type_, expected in (("Edm.Single", "single"), ("Edm.Double", "number")):
        kind, inner = lexed(literal(double, type_, V2))
        assert kind == expected
        assert repr(float(inner)) == repr(double)
    kind, inner = lexed(literal(moment, "Edm.Time", V2))
    assert kind == "time"
    assert _span(inner) == timedelta(
        hours=moment.hour, minutes=moment.minute, seconds=moment.second, microseconds=moment.microsecond
    )
    assert _span(duration_text(span)) == span


@pytest.mark.parametrize("dialect", [V2, V4])
def test_members_of_an_enumeration(dialect: Any) -> None:
    """A qualified type that is none of OData's own is an enumeration; 4 names it, before there were none."""
    text = literal("Yellow", "Sales.Colour", dialect)
    assert text == ("Sales.Colour'Yellow'" if dialect is V4 else "Yellow")


@pytest.mark.parametrize("name", sorted(DIALECTS))
@pytest.mark.parametrize("type_", ["int", "text", "timestamp", "Edm.Int64", "Edm.Guid", "Edm.DateTime"])
def test_null_has_one_form(name: str, type_: str) -> None:
    """Null is bare, whatever the type."""
    assert compare(KeyPart("a", type_), "eq", None).text(DIALECTS[name]) == "a eq null"

"""Dates, times and instants: texts in Arrow to exact values, whole columns at once.

Here: every form that services write. Not here: numbers and other values (``values``). Each function
raises `pyarrow.ArrowInvalid` when one text of the column does not fit.
"""

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from exepron_pipeline.normalise.contract import TIMESTAMP

_LOCAL = pa.timestamp("us")
_TIME = pa.time64("us")
_NO_TEXT = pa.nulls(1, pa.string())[0]  # not pa.scalar: that loads pandas where it is installed
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 # local wall time, until a zone is known
_DAY = 86_400_000_000
_FIRST_DAY = date(1, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
_FIRST = _FIRST_DAY * _DAY
_LAST = (date(9999, 12, 31).toordinal() + 1 - date(1970, 1, 1).toordinal()) * _DAY - 1
_V2 = r"^/Date\((?P<ms>-?\d{1,15})(?P<offset>[+-]\d+)?\)/$"
_OFFSET = re.compile(r"[T ].*(Z|[+-]\d\d(:?\d\d)?)$")
_FINER = r"\.\d{6}\d*[1-9]|^(0001-01-01|9999-12-31)T.*[+-](0[1-9]|1\d|00:?[1-5]|00:?0[1-9])"
_DURATION = re.compile(r"PT(?:(\d{1,2})H)?(?:(\d{1,4})M)?(?:(\d{1,5})(?:\.(\d{1,12}))?S)?")


def instants(texts: pa.Array, zone: str) -> pa.Array:
    """Instants in UTC, cut to microseconds; texts without an offset are wall time in ``zone``.

    Takes ISO 8601 with any number of fraction digits, and V2's ``/Date(ms)/`` (wall time) and
    ``/Date(ms+0000)/`` (UTC). Wall time that comes twice is the first; in a gap it moves on by the gap.
    """
    if _first(texts).startswith("/Date("):
        return _v2_instants(texts, zone)
    return _read(texts, lambda cut: _iso_instants(cut, zone))


def names_zone(text: str) -> bool:
    """Tell whether a stamp carries its own offset, so that no setting is needed to read it."""
    return bool(_OFFSET.search(text) or re.match(r"/Date\(-?\d+[+-]", text))


def stamps_telling_more(texts: pa.Array, zone: str) -> pa.Array:
    """The texts of instants that say more than the instant and the zone give back, null for all others.

    Digits beyond microseconds are cut off. Wall time that comes twice or not at all when clocks are changed
    becomes one instant, as does what an offset carries out of the calendar.
    """
    more = pc.match_substring_regex(texts, _FINER) if _may_tell_more(texts) else None
    if zone != "UTC" and not pc.all(pc.ends_with(texts, "Z"), min_count=0).as_py():
        is_wall = pc.invert(pc.match_substring_regex(texts, _OFFSET.pattern + r"|/Date\(-?\d+[+-]"))
        odd = _is_odd(pc.if_else(is_wall, texts, _NO_TEXT), zone)
        more = odd if more is None else pc.or_kleene(odd, more)
    return pa.nulls(len(texts), pa.string()) if more is None else pc.if_else(more, texts, _NO_TEXT)


def times_telling_more(texts: pa.Array) -> pa.Array:
    """The texts of times of day with digits beyond microseconds, null for all others."""
    return pc.if_else(pc.match_substring_regex(texts, _FINER), texts, _NO_TEXT)


def _may_tell_more(texts: pa.Array) -> bool:
    """False for texts that are too short for a seventh digit, and far from the calendar's ends."""
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest > len("2026-01-31T08:00:00.123456"):
        return True
    lowest, highest = pc.min_max(texts).as_py().values()
    if lowest is None or "0001-01-02" <= lowest <= highest < "9999-12-31":
        return False
    return any(pc.any(pc.starts_with(texts, end)).as_py() for end in ("0001-01-01", "9999-12-31"))


def _is_odd(walls: pa.Array, zone: str) -> pa.Array:
    """True for wall times that come twice, or not at all."""
    local = (
        _v2_local(walls) if _first(walls).startswith("/Date(") else _read(walls, lambda cut: cut.cast(_LOCAL))
    )
    minutes = pc.floor_temporal(local, unit="minute").dictionary_encode()
    starts = minutes.dictionary.cast(pa.int64()).to_pylist()
    odd = [_offset(zone, start) != _offset(zone, start, fold=1) for start in starts]
    return pa.array(odd, pa.bool_()).take(minutes.indices)


def dates(texts: pa.Array) -> pa.Array:
    """Calendar days as they are written: a time of day and an offset behind them change nothing."""
    first = _first(texts)
    if first.startswith("/Date("):
        return _checked_dates(_v2_instants(texts, "UTC").cast(_LOCAL).cast(pa.date32(), safe=False))
    if len(first) > len("2026-01-31"):
        _read(texts, lambda cut: _iso_instants(cut, "UTC"))
        texts = pc.utf8_slice_codeunits(texts, 0, 10)
    return _checked_dates(texts.cast(pa.date32()))


def times(texts: pa.Array) -> pa.Array:
    """Times of day, ``21:14:35`` with or without a fraction, or as V2's duration ``PT21H14M35S``."""
    if _first(texts).startswith("P"):
        return pa.array([None if text is None else _duration(text) for text in texts.to_pylist()], _TIME)
    dated = pc.binary_join_element_wise("1970-01-01T", texts, "")
    return _read(dated, lambda cut: cut.cast(_LOCAL)).cast(_TIME)


def _first(texts: pa.Array) -> str:
    """The first text tells the form of the column: to try a form that fails costs more than all the rest."""
    known = texts.drop_null() if texts.null_count else texts
    return str(known[0]) if len(known) else ""


def _read(texts: pa.Array, read: Callable[[Any], Any]) -> pa.Array:
    """Read texts without .NET's seventh fraction digit if they have one, else cut by pattern."""
    try:
        return read(_without_seventh_digit(texts) if _first(texts)[26:27].isdigit() else texts)
    except pa.ArrowInvalid:
        return read(pc.replace_substring_regex(texts, r"(\.\d{6})\d+", r"\1"))


def _without_seventh_digit(texts: pa.Array) -> pa.Array:
    is_digit = pc.ascii_is_decimal(pc.utf8_slice_codeunits(texts, 26, 27))
    return pc.if_else(is_digit, pc.utf8_replace_slice(texts, 26, 27, ""), texts)


def _iso_instants(texts: pa.Array, zone: str) -> pa.Array:
    if _OFFSET.search(_first(texts)):
        return _within_calendar(texts.cast(TIMESTAMP))
    return _localise(texts.cast(_LOCAL), zone)


def _v2_instants(texts: pa.Array, zone: str) -> pa.Array:
    local = _v2_local(texts)
    is_local = pc.equal(pc.struct_field(pc.extract_regex(texts, _V2), "offset"), "")
    return pc.if_else(is_local, _localise(local, zone), _within_calendar(local.cast(TIMESTAMP)))


def _v2_local(texts: pa.Array) -> pa.Array:
    parts = pc.extract_regex(texts, _V2)
    if parts.null_count > texts.null_count:
        raise pa.ArrowInvalid("not all texts are /Date(milliseconds)/")
    return pc.multiply_checked(pc.struct_field(parts, "ms").cast(pa.int64()), 1000).cast(_LOCAL)


def _localise(local: pa.Array, zone: str) -> pa.Array:
    if zone == "UTC":
        return _within_calendar(local.cast(TIMESTAMP))
    # Not pc.assume_timezone: beyond 2037 it knows no summer time, and it needs the system's zone files.
    minutes = pc.floor_temporal(local, unit="minute").dictionary_encode()
    starts = minutes.dictionary.cast(pa.int64()).to_pylist()
    offsets = pa.array([_offset(zone, start) for start in starts], pa.int64()).take(minutes.indices)
    return _within_calendar(pc.subtract(local.cast(pa.int64()), offsets).cast(TIMESTAMP))


@lru_cache(maxsize=2**17)
def _offset(zone: str, local: int, *, fold: int = 0) -> int:
    """Microseconds that ``zone`` is ahead of UTC at a wall time; none on the calendar's first and last day.

    Those days hold .NET's MinValue and MaxValue, which mean *no date* and belong to no zone.
    """
    try:
        wall = _EPOCH + timedelta(microseconds=local)
    except OverflowError:
        return 0
    if wall.date() in (date.min, date.max):
        return 0
    offset = ZoneInfo(zone).utcoffset(wall.replace(fold=fold)) or timedelta()
    return offset // timedelta(microseconds=1)


def _within_calendar(stamps: pa.Array) -> pa.Array:
    """Bring instants that an offset carried over the calendar's ends back to them; refuse what lies beyond."""
    microseconds = stamps.view(pa.int64())
    ends = pc.min_max(microseconds).as_py()
    if ends["min"] is None or (ends["min"] >= _FIRST and ends["max"] <= _LAST):
        return stamps
    if ends["min"] < _FIRST - _DAY or ends["max"] > _LAST + _DAY:
        raise pa.ArrowInvalid("an instant lies outside the years 1 to 9999")
    raised = pc.max_element_wise(microseconds, _FIRST, skip_nulls=False)
    return pc.min_element_wise(raised, _LAST, skip_nulls=False).cast(TIMESTAMP)


def _checked_dates(days: pa.Array) -> pa.Array:
    if pc.any(pc.less(days.cast(pa.int32()), _FIRST_DAY)).as_py():
        raise pa.ArrowInvalid("a date lies before the year 1")
    return days


def _duration(text: str) -> int:
    match = _DURATION.fullmatch(text)
    if not match or text == "PT":
        raise pa.ArrowInvalid("no time of day")
    hours, minutes, seconds = (int(part or 0) for part in match.group(1, 2, 3))
    total = (hours * 3600 + minutes * 60 + seconds) * 1_000_000 + int((match[4] or "").ljust(6, "0")[:6])
    if total >= _DAY:
        raise pa.ArrowInvalid("longer than a day")
    return total

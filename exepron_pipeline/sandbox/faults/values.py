"""Faults of columns and their values: types, names and forms that nobody agreed on.

Here belong changed views of the rows. Filters and orders see them changed too, as they would where the
service itself has changed. Not here: whole pages (``pages.py``).
"""

from collections.abc import Callable
from dataclasses import replace

from exepron_pipeline.sandbox.exchange import Exchange
from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.schema import Kind
from exepron_pipeline.sandbox.views import Column, View
from exepron_pipeline.sandbox.wire import moment_of, quoted

_BEYOND_DOUBLE = 2**53
_HOSTILE = (
    "name with spaces", "name-with-dashes", "1name starting with a digit", "😊", "Robert'); DROP TABLE tasks;--", "",
)  # fmt: skip
_BIG = {
    f'{{t}}."{name}"'
    for name in (
        "taskId", "predecessorTaskId", "successorTaskId", "originTaskId", "destinationTaskId", "workHourId", "bufferId",
        "milestoneId", "taskRevenueId", "taskReasonCodeId",
    )
}  # fmt: skip
"""Keys and references that stand in no path."""

_BROKEN = "\ue000"
"""Stands in SQL for what no database keeps."""

Change = Callable[[Column], Column | None]


def _is_list(exchange: Exchange) -> bool:
    return exchange.endpoint.reach != "caller"


def _stored(column: Column, name: str) -> bool:
    return column.sql == f'{{t}}."{name}"'


def _changing(name: str, about: str, pick: Callable[[View], set[str]], change: Change) -> Fault:
    """A fault of the columns that ``pick`` names, where there are any."""

    def act(exchange: Exchange) -> None:
        chosen = pick(exchange.view)
        exchange.view = exchange.view.with_columns(
            lambda column: change(column) if column.name in chosen else column
        )

    return Fault(
        name, about, "question", act, lambda exchange: _is_list(exchange) and bool(pick(exchange.view))
    )


def _of_kind(kind: Kind) -> Callable[[View], set[str]]:
    return lambda view: {column.name for column in view.columns if column.kind == kind}


def _first(test: Callable[[Column], bool]) -> Callable[[View], set[str]]:
    """The first column that is no part of the key and passes a test."""

    def pick(view: View) -> set[str]:
        names = [column.name for column in view.columns if column.name not in view.key and test(column)]
        return set(names[:1])

    return pick


def _adding(*columns: Column) -> Callable[[Exchange], None]:
    def act(exchange: Exchange) -> None:
        exchange.view = replace(exchange.view, columns=(*exchange.view.columns, *columns))

    return act


def _old_dates(exchange: Exchange) -> None:
    def write(text: str) -> str:
        return f'"\\/Date({round(moment_of(text[:26]).timestamp() * 1000)})\\/"'

    exchange.writers = {**exchange.writers, "stamp": write, "date": write}


def _numbers_as_text(exchange: Exchange) -> None:
    exchange.writers = {**exchange.writers, "int": '"{}"'.format}


def _cut_fractions(exchange: Exchange) -> None:
    usual = exchange.writers["stamp"]
    exchange.writers = {**exchange.writers, "stamp": lambda text: usual(f"{text[:19]}.000")}


def _is_measure(column: Column) -> bool:
    return column.kind in {"int", "float", "decimal"} and not column.name.lower().endswith(("id", "ref"))


FAULTS = (
    _changing(
        "null-cursor", "every fifth row has no `lastModifiedOn`",
        lambda view: {column.name for column in view.columns if _stored(column, "lastModifiedOn")},
        lambda column: replace(column, sql=f"(CASE WHEN {{t}}.rowid % 5 <> 0 THEN {column.sql} END)"),
    ),
    Fault(
        "unknown-column", "a column that was never seen", "question",
        _adding(Column("addedLater", "text", "('new ' || {t}.rowid)")), _is_list,
    ),
    _changing("missing-column", "the first column that is no key is gone", _first(lambda _: True), lambda _: None),
    _changing(
        "retyped-column", "the first number that is no key comes as text with a unit", _first(_is_measure),
        lambda column: replace(column, write='"{} d"'.format),
    ),
    Fault(
        "hostile-columns", "column names with spaces, dashes, a leading digit, an emoji, SQL, and an empty one",
        "question", _adding(*(Column(name, "text", "'value'") for name in _HOSTILE)), _is_list,
    ),
    _changing(
        "big-ids", "keys beyond 2^53, which a double cannot hold",
        lambda view: {column.name for column in view.columns if column.sql in _BIG},
        lambda column: replace(column, sql=f"({column.sql} + {_BEYOND_DOUBLE})"),
    ),
    _changing(
        "long-decimals", "decimals of more than 30 digits", _of_kind("decimal"),
        lambda column: replace(column, sql=f"({column.sql} || '{'1234567890' * 3}1234')"),
    ),
    _changing(
        "fine-fractions", "stamps with seven digits of a second", _of_kind("stamp"),
        lambda column: replace(column, sql=f"({column.sql} || '4567')"),
    ),
    _changing(
        "broken-text", "half a surrogate pair and control characters in a text, in one row of 500",
        _first(lambda column: column.kind == "text"),
        lambda column: replace(
            column,
            sql=f"({column.sql} || CASE {{t}}.rowid % 500 WHEN 1 THEN '{_BROKEN}' ELSE '' END)",
            write=lambda text: quoted(text).replace(_BROKEN, "\\ud800\\u0000\\u0007"),
        ),
    ),
    Fault(
        "coarse-stamps", "stamps come without their fraction, which filters and orders know", "question",
        _cut_fractions, lambda exchange: any(column.kind == "stamp" for column in exchange.view.columns),
    ),
    Fault(
        "numbers-as-text", "whole numbers, keys too, come as text, as servers write 64 bits", "question",
        _numbers_as_text, _is_list,
    ),
    Fault(
        "old-dates", "stamps and dates as `/Date(milliseconds)/`", "question", _old_dates,
        lambda exchange: any(column.kind in {"stamp", "date"} for column in exchange.view.columns),
    ),
)  # fmt: skip

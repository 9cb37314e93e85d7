"""The values that fields of a catalogue entry may take, each with its own check.

Here: types of single fields, and the error they raise. Not here: what the fields mean together
(``model.py``), and how a mistake is shown to the user (``mistakes.py``).
"""

import re
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from exepron_pipeline.catalogue.naming import column_name

Generation = Literal["any", "g1", "g2", "g3", "odata2", "odata3", "odata4"]
Confidence = Literal["H", "M", "L"]
Evidence = Literal["confirmed", "probable", "speculative"]
Refresh = Literal["hourly", "daily", "weekly"]
Contract = Literal["evolve", "freeze", "discard"]
Personal = Literal["contact-dropped", "keep", "hash", "drop"]
PersonalKind = Literal["name", "contact"]

SIMPLE_TYPES = ("int", "float", "text", "bool", "date", "time", "timestamp", "binary", "json", "variant")
PATH_VARIABLES = ("accountId", "userId", "projectId")

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_DECIMAL = re.compile(r"decimal\((\d{1,2}),(\d{1,2})\)")
_EXPAND = re.compile(r"[^\W\d]\w*([./][^\W\d]\w*)*(\([^\s#&]*\))?")
_ORDER = re.compile(r"[a-z][a-z0-9_]*( (asc|desc))?")
_MOST_DIGITS = 38  # of a 128-bit decimal, in Arrow and DuckDB alike
_MEANT = {
    "string": "text", "str": "text", "varchar": "text", "guid": "text", "uuid": "text",
    "integer": "int", "long": "int", "bigint": "int", "double": "float", "number": "float",
    "boolean": "bool", "datetime": "timestamp", "datetimeoffset": "timestamp", "object": "json",
}  # fmt: skip


def entry_error(
    text: str, *, entry: Iterable[str] = (), given: str = "", valid: Iterable[str] = (), cure: str = ""
) -> PydanticCustomError:
    """Make the error that a validator raises, with what `mistakes` needs to show it.

    Args:
        text: What is wrong, to be read after the entry's name.
        entry: Where, below the entry that is being validated.
        given: The name that was given, when another one may have been meant.
        valid: The names it is compared with.
        cure: What to do, when no name comes close.

    """
    context = {"text": text, "entry": list(entry), "given": given, "valid": list(valid), "cure": cure}
    return PydanticCustomError("catalogue", "{text}", context)


def _type(value: object) -> str:
    name = str(value).replace(" ", "")
    match = _DECIMAL.fullmatch(name)
    if name in SIMPLE_TYPES or (
        match and 1 <= int(match[1]) <= _MOST_DIGITS and int(match[2]) <= int(match[1])
    ):
        return name
    listed = f"Types are {', '.join(SIMPLE_TYPES)}, decimal(18,2)."
    if name.startswith("decimal"):
        listed = 'Write it with quotes, digits and scale, at most 38: "decimal(18,2)".'
    meant = _MEANT.get(name.lower(), name)
    raise entry_error(f"{value!r} is no type", given=meant, valid=SIMPLE_TYPES, cure=listed)


def _name(value: object) -> object:
    if isinstance(value, str) and not _NAME.fullmatch(value):
        cure = f"Write {column_name(value)}; wire: {value} names the service's field."
        raise entry_error("the name is not in snake_case", cure=cure)
    return value


def _path(value: object) -> object:
    if not isinstance(value, str):
        return value
    unknown = [name for name in re.findall(r"\{(.*?)\}", value) if name not in PATH_VARIABLES]
    if unknown:
        cure = f"Variables are {', '.join(PATH_VARIABLES)}."
        raise entry_error(
            f"{{{unknown[0]}}} is no variable", given=unknown[0], valid=PATH_VARIABLES, cure=cure
        )
    if not value or re.search(r"[\s?#]|^/|//|(^|/)\.\.?(/|$)", value):
        cure = "Write only what follows the API's base address, such as Accounts/{accountId}/Users."
        raise entry_error(f"{value!r} is no path below the API's base address", cure=cure)
    return value


def _edm(value: object) -> object:
    if isinstance(value, str) and not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+", value):
        cure = "Write it as $metadata does, such as Edm.DateTime, Edm.Guid or Sales.Colour."
        raise entry_error(f"{value!r} is no type of OData", cure=cure)
    return value


def _condition(value: object) -> object:
    if isinstance(value, str) and (value.lstrip().startswith("$") or not _is_whole(value)):
        cure = "Write what follows $filter=, not percent-encoded: status eq 2 and name ne 'O''Brien'."
        raise entry_error(f"{value!r} is no condition", cure=cure)
    return value


def _is_whole(condition: str) -> bool:
    """True when quotes and parentheses are closed, so that what is added stays outside of them."""
    bare = re.sub(r"'[^']*'", "", condition)
    depth = 0
    for mark in bare:
        depth += {"(": 1, ")": -1}.get(mark, 0)
        if depth < 0:
            return False
    return bool(bare.strip()) and depth == 0 and "'" not in bare and condition.isprintable()


def _member(value: object) -> object:
    if isinstance(value, str) and not all(value.split(".")):
        raise entry_error(f"{value!r} is no member", cure="Write its name; a dot enters it: data.records.")
    return value


def _navigation(value: object) -> object:
    if isinstance(value, str) and not _EXPAND.fullmatch(value):
        cure = "Write the property's name; a dot enters it: manager, manager.account."
        raise entry_error(f"{value!r} is nothing to expand", cure=cure)
    return value


def _order(value: object) -> object:
    if isinstance(value, str) and not _ORDER.fullmatch(value):
        raise entry_error(
            f"{value!r} is no order", cure="Write a column's name, and desc behind it if need be."
        )
    return value


def _one_or_many(value: object) -> object:
    return (value,) if isinstance(value, str) else value


TypeName = Annotated[str, BeforeValidator(_type)]
EntryName = Annotated[str, BeforeValidator(_name)]
PathText = Annotated[str, BeforeValidator(_path)]
EdmName = Annotated[str, BeforeValidator(_edm)]
MemberPath = Annotated[str, BeforeValidator(_member)]
ConditionText = Annotated[str, BeforeValidator(_condition)]
Names = Annotated[tuple[str, ...], BeforeValidator(_one_or_many)]
Expands = Annotated[tuple[Annotated[str, BeforeValidator(_navigation)], ...], BeforeValidator(_one_or_many)]
Orders = Annotated[tuple[Annotated[str, BeforeValidator(_order)], ...], BeforeValidator(_one_or_many)]
Generations = Annotated[tuple[Generation, ...], BeforeValidator(_one_or_many), Field(min_length=1)]

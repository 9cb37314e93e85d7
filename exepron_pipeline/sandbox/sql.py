"""A piece of SQL with its type, and what may be compared with what.

Here belong types. Not here: the tree of an expression (``translate.py``), the functions (``functions.py``).
"""

from dataclasses import dataclass
from typing import NoReturn

from exepron_pipeline.sandbox.functions import FAMILY, Type
from exepron_pipeline.sandbox.refusals import BadQuery
from exepron_pipeline.sandbox.schema import Kind
from exepron_pipeline.sandbox.views import NOTHING, Column

_TYPES: dict[Kind, Type] = {
    "int": "int", "decimal": "number", "float": "number", "text": "text",
    "bool": "bool", "date": "date", "stamp": "stamp", "list": "list",
}  # fmt: skip


@dataclass(frozen=True)
class Sql:
    """A piece of SQL and what it yields; ``computed`` when it is more than a property or literal."""

    text: str
    type: Type
    computed: bool = True

    @property
    def family(self) -> str:
        """Which other pieces it can be compared with."""
        return FAMILY.get(self.type, self.type)


def property_of(column: Column, alias: str) -> Sql:
    """A property of the table with this alias; decimals compare as numbers."""
    text = column.at(alias)
    if text == NOTHING:
        return Sql(text, "null")
    text = f"CAST({text} AS REAL)" if column.kind == "decimal" else text
    return Sql(text, _TYPES[column.kind], computed=False)


def as_stamp(sql: Sql, *others: Sql) -> Sql:
    """A date as its midnight where it meets an instant."""
    if sql.type == "date" and any(other.type == "stamp" for other in others):
        return Sql(f"({sql.text} || 'T00:00:00.000')", "stamp")
    return sql


def decided(sql: Sql) -> Sql:
    """A condition that met null is false, before it is compared itself."""
    return Sql(f"ifnull({sql.text}, 0)", "bool") if sql.type == "bool" and sql.computed else sql


def same_family(operator: str, left: Sql, right: Sql) -> None:
    """Check that an operator may compare the two.

    Raises:
        BadQuery: it may not.
    """
    if "list" in (left.type, right.type) or (
        left.family != right.family and "null" not in (left.type, right.type)
    ):
        incompatible(operator, left, right)


def incompatible(operator: str, left: Sql, right: Sql) -> NoReturn:
    """Refuse to compare the two, in the words of Microsoft's OData libraries."""
    raise BadQuery(
        "A binary operator with incompatible types was detected. Found operand types "
        f"'{left.type}' and '{right.type}' for operator kind '{operator}'."
    )

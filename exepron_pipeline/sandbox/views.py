"""Entity sets as paths show them: which properties, under which names, read by which SQL.

Here belongs the way from stored columns to properties on the wire, and navigation between views. Not
here: the stored columns (``schema.py``), which view stands at which path (``generations.py``), and how a
value is written (``wire.py``).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from exepron_pipeline.sandbox.schema import EntitySet, Kind

Writer = Callable[[Any], str]
"""Turns a stored value that is not null into JSON text."""

NOTHING = "NULL"
"""The SQL of a property that the caller may not see."""


@dataclass(frozen=True)
class Column:
    """One property: its wire name and kind, and its SQL, in which ``{t}`` is the table's alias.

    ``write`` takes the place of what is usual for the kind.
    """

    name: str
    kind: Kind
    sql: str
    financial: bool = False
    write: Writer | None = None

    def at(self, alias: str) -> str:
        """The SQL of its value in the table with this alias."""
        return self.sql.replace("{t}", alias)


@dataclass(frozen=True)
class Relation:
    """A navigation property: the rows ``n`` of ``target`` that meet ``condition`` for a row ``t``."""

    name: str
    target: "View"
    condition: str
    many: bool = False


@dataclass(frozen=True)
class View:
    """The rows of one table as a caller gets them; ``key`` holds wire names."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    relations: tuple[Relation, ...] = ()
    needs_financial: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Properties in the order in which they are served."""
        return tuple(column.name for column in self.columns)

    @property
    def title(self) -> str:
        """``TaskLinks`` for ``task_links``."""
        return "".join(word.capitalize() for word in self.name.split("_"))

    def column(self, name: str) -> Column | None:
        """The property with this name."""
        return next((column for column in self.columns if column.name == name), None)

    def relation(self, name: str) -> Relation | None:
        """The navigation property with this name."""
        return next((relation for relation in self.relations if relation.name == name), None)

    def with_columns(self, change: Callable[[Column], Column | None]) -> "View":
        """The view with each column changed, or left out where ``change`` gives ``None``."""
        changed = [change(column) for column in self.columns]
        return replace(self, columns=tuple(column for column in changed if column is not None))

    def without_money(self) -> "View":
        """The view for a caller who may not see financial data: the columns stay, and are null."""
        hidden = self.with_columns(lambda each: replace(each, sql=NOTHING) if each.financial else each)
        relations = (replace(each, target=each.target.without_money()) for each in self.relations)
        return replace(hidden, relations=tuple(relations))

    def showing(self, *names: str) -> "View":
        """The view with these properties only."""
        return self.with_columns(lambda column: column if column.name in names else None)

    def renamed(self, names: Mapping[str, str]) -> "View":
        """The view with other wire names, by the present ones; names that are not given stay."""
        columns = tuple(replace(each, name=names.get(each.name, each.name)) for each in self.columns)
        return replace(self, columns=columns, key=tuple(names.get(each, each) for each in self.key))


def stored(entity_set: EntitySet) -> View:
    """The view that shows the columns as they are stored, without navigation."""
    columns = (
        Column(field.name, field.kind, f'{{t}}."{field.name}"', financial=field.financial)
        for field in entity_set.fields
    )
    return View(entity_set.name, entity_set.key, tuple(columns), needs_financial=entity_set.needs_financial)

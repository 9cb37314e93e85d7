"""Conditions of ``$filter`` as values: made of typed parts, combined with ``& | ~``, written by dialect.

Here: the expressions that reading needs. Not here: literals (``literals.py``), percent-encoding
(``query.py``). A condition that somebody wrote by hand is a `Raw`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import Literal

from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.literals import literal

Operator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
TextTest = Literal["contains", "startswith", "endswith"]


@dataclass(frozen=True)
class KeyPart:
    """One property, of an entity set's key as a rule: its name on the wire, and its type as `literal` takes it."""

    wire: str
    type: str = "int"


class Condition:
    """Something that is true or false of a record."""

    def text(self, dialect: Dialect) -> str:
        """Write the condition as a dialect does, not percent-encoded."""
        raise NotImplementedError

    def __and__(self, other: "Condition") -> "Condition":
        return Joined("and", (self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return Joined("or", (self, other))

    def __invert__(self) -> "Condition":
        return Negated(self)


@dataclass(frozen=True)
class Comparison(Condition):
    """A property compared with a value."""

    part: KeyPart
    operator: Operator
    value: object

    def text(self, dialect: Dialect) -> str:
        """Write ``name operator literal``."""
        value = literal(self.value, self.part.type, dialect)
        return f"{property_path(self.part.wire)} {self.operator} {value}"


@dataclass(frozen=True)
class TextMatch(Condition):
    """A text that holds another one."""

    part: KeyPart
    test: TextTest
    value: str

    def text(self, dialect: Dialect) -> str:
        """Write the function call; before OData 4 ``contains`` was ``substringof``, its arguments swapped."""
        name, value = property_path(self.part.wire), literal(self.value, "text", dialect)
        if self.test == "contains" and dialect.contains == "substringof":
            return f"substringof({value},{name})"
        return f"{self.test}({name},{value})"


@dataclass(frozen=True)
class Joined(Condition):
    """Conditions with ``and`` or ``or`` between them."""

    operator: Literal["and", "or"]
    parts: tuple[Condition, ...]

    def text(self, dialect: Dialect) -> str:
        """Write the parts; those that bind more loosely, or are not known to, in parentheses."""
        texts = (
            f"({part.text(dialect)})" if self._is_loose(part) else part.text(dialect) for part in self.parts
        )
        return f" {self.operator} ".join(texts)

    def _is_loose(self, part: Condition) -> bool:
        return isinstance(part, Raw) or (isinstance(part, Joined) and part.operator != self.operator)


@dataclass(frozen=True)
class Negated(Condition):
    """The opposite of a condition."""

    part: Condition

    def text(self, dialect: Dialect) -> str:
        """Write ``not (condition)``: without parentheses ``not`` binds the property alone."""
        return f"not ({self.part.text(dialect)})"


@dataclass(frozen=True)
class Raw(Condition):
    """A condition in the service's own words."""

    words: str

    def text(self, dialect: Dialect) -> str:  # noqa: ARG002 # words are the same in every dialect
        """Give the words."""
        return self.words


def compare(part: KeyPart, operator: Operator, value: object) -> Condition:
    """Compare a property with a value of its type; None is ``null``."""
    return Comparison(part, operator, value)


def one_of(part: KeyPart, values: Iterable[object]) -> Condition:
    """True where the property is one of the values: as a chain of ``or``, since ``in`` is new in 4.01."""
    return any_of(*(compare(part, "eq", value) for value in values))


def all_of(*conditions: Condition) -> Condition:
    """True where every condition is; at least one is needed."""
    return reduce(lambda one, other: one & other, conditions)


def any_of(*conditions: Condition) -> Condition:
    """True where one of the conditions is; at least one is needed."""
    return reduce(lambda one, other: one | other, conditions)


def property_path(wire: str) -> str:
    """Write a name with dots as an OData path: ``manager.id`` becomes ``manager/id``."""
    return wire.replace(".", "/")

"""The model of a service's own description: entity sets with typed properties. Here: values, nothing else."""

from dataclasses import dataclass, field

OPAQUE = "Untyped"
"""Type of a property whose values may have any form: it is kept as JSON."""

COMPLEX = "Complex"
"""Type of a property that is an object with ``fields``."""


@dataclass(frozen=True)
class Property:
    """One property of a record.

    ``type`` is the name of an Edm primitive type without its prefix (``Int32``, ``DateTimeOffset``), `COMPLEX` or
    `OPAQUE`. ``precision`` and ``scale`` are digits: of a Decimal, or precision alone of a stamp's fraction;
    None when the document does not tell.
    """

    name: str
    type: str = "String"
    written: str = ""
    """The type's whole name as the service writes it (``Edm.Guid``, ``Sales.Colour``): literals follow it."""
    precision: int | None = None
    scale: int | None = None
    many: bool = False
    """True for a list of such values."""
    nullable: bool = True
    fields: tuple["Property", ...] = ()
    description: str = ""
    semantics: str = ""
    """What a vocabulary says the text is, such as ``email`` or ``tel``; empty when it says nothing."""


@dataclass(frozen=True)
class DescribedSet:
    """One list of records that a service offers.

    ``path`` is below the service's root and may hold variables in braces. ``references`` names, for properties
    that hold another record's key, that record's set and property. ``problem`` says why the set cannot be read by
    itself; empty when it can.
    """

    name: str
    path: str
    key: tuple[str, ...] = ()
    properties: tuple[Property, ...] = ()
    navigation: tuple[str, ...] = ()
    references: dict[str, tuple[str, str]] = field(default_factory=dict)
    single: bool = False
    """True for one record rather than a list of them."""
    description: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Description:
    """All that a document tells.

    ``origin`` names the kind of document for people (``CSDL 4.0``); ``dialect`` is the dialect that it implies, None
    when it implies none; ``problems`` are what could not be taken from it, one sentence each.
    """

    origin: str
    sets: tuple[DescribedSet, ...] = ()
    dialect: str | None = None
    problems: tuple[str, ...] = ()

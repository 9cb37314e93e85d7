"""The typed model of the catalogue. Here: what an entity set is. Not here: reading YAML (``load.py``).

The words are OData's: an *entity set* is one thing the API lists. Evidence belongs to each path and
each column, never to an entity set as a whole.
"""

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from exepron_pipeline.catalogue.fields import (
    ConditionText,
    Confidence,
    Contract,
    EdmName,
    EntryName,
    Evidence,
    Expands,
    Generation,
    Generations,
    MemberPath,
    Names,
    Orders,
    PathText,
    Personal,
    PersonalKind,
    Refresh,
    TypeName,
    entry_error,
)
from exepron_pipeline.catalogue.naming import wire_name

_VARIABLE = re.compile(r"\{(\w+)\}")
_DROPPED: dict[Personal, set[str]] = {"contact-dropped": {"contact"}, "drop": {"contact", "name"}}
_CURSOR_TYPES = {"timestamp", "date"}
_REFERENCE = "Write it as entity_set.column."
_NO_CURSOR = "Leave cursor out, or write cursor: null, to read the set whole."

Wire = Annotated[
    Annotated[str, Tag("name")] | Annotated[dict[Generation, str | None], Tag("by generation")],
    Discriminator(lambda value: "by generation" if isinstance(value, dict) else "name"),
]


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Column(_Entry):
    """One canonical column of an entity set.

    ``type`` is one of `fields.SIMPLE_TYPES` or ``decimal(p,s)``; ``timestamp`` is an instant in UTC;
    ``variant`` is of unknown type and lands as text. ``wire`` names the field in the service's records,
    for all generations or by generation; a dot enters a nested object (``manager.firstName``). Without
    it the camelCase of the column's name is meant. ``edm`` is the property's type in ``$metadata``: conditions
    on it are written in that type's form.
    """

    name: EntryName
    type: TypeName
    description: str
    wire: Wire | None = None
    edm: EdmName | None = None
    nullable: bool = True
    unit: str | None = None
    personal: PersonalKind | None = None
    financial: bool = False
    references: str | None = None
    source: str = "inferred"
    confidence: Confidence = "L"
    note: str | None = None

    def wire_in(self, generation: str) -> str | None:
        """Name this column's field in records of ``generation``; None when it has none there."""
        if isinstance(self.wire, dict):
            keyed = dict[str, str | None](self.wire.items())
            return keyed[generation] if generation in keyed else keyed.get("any", wire_name(self.name))
        return self.wire or wire_name(self.name)


class Child(_Entry):
    """A nested list: it becomes the table ``parent__child``, keyed by the parent's key and ``_position``.

    ``wire`` names the field that holds the list. A list of plain values has exactly one column, whose
    ``wire`` is ``.``.
    """

    name: EntryName
    description: str
    wire: str | None = None
    columns: tuple[Column, ...] = Field(min_length=1)

    @property
    def wire_field(self) -> str:
        """The field of the parent's record that holds the list."""
        return self.wire or wire_name(self.name)

    @property
    def is_plain(self) -> bool:
        """True when the list holds plain values rather than objects."""
        return [column.wire for column in self.columns] == ["."]


class Envelope(_Entry):
    """How a service of its own manners wraps its records: where they, their count and the next page's address are.

    Each is a member of the answer, a dot enters a member: ``data.records``. What the standards of OData wrap is
    found without being named.
    """

    records: MemberPath
    next: MemberPath | None = None
    count: MemberPath | None = None


class Within(_Entry):
    """Where records stand in those of another entity set: a navigation property of theirs, sent along by ``$expand``.

    ``name`` is that property; ``key`` the field of the outer records by which they are paged; ``carry`` names fields
    of the inner records that are taken over from the outer ones when they lack them: inner name, then outer name.
    """

    name: str
    key: str
    carry: dict[str, str] = Field(default_factory=dict)


class Source(_Entry):
    """One place where an entity set may be read: a path below the API's base, and the evidence for it.

    Variables in braces are ``accountId``, ``userId`` (known after signing in) and ``projectId`` (one
    request for each project: only when nothing wider works).
    """

    path: PathText
    generation: Generations = ("any",)
    source: str = "inferred"
    confidence: Confidence = "L"
    within: Within | None = None
    """Set when the path lists other records, which hold those of this set."""
    mine: bool = False
    """True when it lists only what belongs to the signed-in user."""
    note: str | None = None

    @property
    def is_inferred(self) -> bool:
        """True when no source shows this path: 404 then means *not offered*, and is no failure."""
        return self.source == "inferred"

    @property
    def variables(self) -> tuple[str, ...]:
        """Names in braces, in the order of the path."""
        return tuple(_VARIABLE.findall(self.path))

    def is_for(self, generation: str) -> bool:
        """True when a service that speaks ``generation`` may be asked here."""
        return not {generation, "any"}.isdisjoint(self.generation)


class EntitySet(_Entry):
    """One thing the API lists; one table ``core.<name>``; one asset.

    ``cursor`` is the column that says when a record changed; without one the set is read whole. ``account`` is
    the column that says whose record it is, where one list holds those of several accounts.
    ``moves_without_stamp`` marks sets whose values change while the cursor stands still: `reconcile`
    compares their whole rows. ``refresh`` is how often schedules read it. ``needs_permission`` names a
    permission without which the service hides it. ``navigation`` lists properties that lead or
    belong to other entity sets: they are never columns, and never kept as extras.

    What is asked for can be narrowed: ``select`` names the columns and children that are asked for besides
    key and cursor; ``filter`` is a condition in the service's words, and what it leaves out is out of scope;
    ``expand`` names navigation properties to be sent along, a dot enters one; ``orderby`` names columns,
    with ``desc`` behind, by which records are to come where they cannot be read by key.
    """

    name: EntryName
    description: str
    evidence: Evidence
    key: Names = Field(min_length=1)
    columns: tuple[Column, ...] = Field(min_length=1)
    children: tuple[Child, ...] = ()
    navigation: Names = ()
    sources: tuple[Source, ...] = ()
    envelope: Envelope | None = None
    cursor: str | None = None
    account: str | None = None
    select: Names = ()
    filter: ConditionText | None = None
    expand: Expands = ()
    orderby: Orders = ()
    refresh: Refresh = "hourly"
    moves_without_stamp: bool = False
    enabled: bool = True
    needs_permission: str | None = None
    contract: Contract | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _columns_exist(self) -> "EntitySet":
        names = [column.name for column in self.columns]
        ordered = [term.partition(" ")[0] for term in self.orderby]
        chosen = [name for name in self.select if name not in {child.name for child in self.children}]
        cursor = [self.cursor] if self.cursor else []
        account = [self.account] if self.account else []
        roles = {"key": self.key, "cursor": cursor, "account": account, "select": chosen, "orderby": ordered}
        for role, wanted in roles.items():
            for name in wanted:
                if name not in names:
                    text = f"names the column {name!r}, which is not under columns"
                    cure = "Add the column, or name another one."
                    raise entry_error(text, entry=[role], given=name, valid=names, cure=cure)
        if self.cursor and self.column(self.cursor).type not in _CURSOR_TYPES:
            raise entry_error(f"{self.cursor!r} is no timestamp or date", entry=["cursor"], cure=_NO_CURSOR)
        return self

    @model_validator(mode="after")
    def _wire_names_differ(self) -> "EntitySet":
        for generation in self._generations_named():
            taken: dict[str, str] = {}
            for column in self.columns:
                wire = column.wire_in(generation)
                if wire is not None and taken.setdefault(wire, column.name) != column.name:
                    text = f"reads the field {wire!r} that {taken[wire]!r} reads already"
                    raise entry_error(
                        text, entry=["columns", column.name], cure="Give one of them another wire:."
                    )
        return self

    def _generations_named(self) -> set[str]:
        named = {name for column in self.columns if isinstance(column.wire, dict) for name in column.wire}
        return named | {"any"}

    @property
    def is_offered(self) -> bool:
        """True when it is switched on and some path is known: only then it is an asset."""
        return self.enabled and bool(self.sources)

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    def columns_kept(self, personal: Personal) -> tuple[Column, ...]:
        """The columns that are stored under a policy for personal data, in the order of the catalogue.

        ``contact-dropped`` leaves addresses and phones out, ``drop`` leaves names out too; ``keep`` and
        ``hash`` keep every column.
        """
        dropped = _DROPPED.get(personal, set())
        return tuple(column for column in self.columns if column.personal not in dropped)

    def sources_for(self, generation: str) -> tuple[Source, ...]:
        """The places to try, in order, when the service speaks ``generation``."""
        return tuple(source for source in self.sources if source.is_for(generation))


class Catalogue(_Entry):
    """All entity sets, by name, in the order of the file."""

    entity_sets: dict[str, EntitySet]

    @model_validator(mode="after")
    def _references_exist(self) -> "Catalogue":
        known = {
            f"{item.name}.{column.name}" for item in self.entity_sets.values() for column in item.columns
        }
        for entity_set in self.entity_sets.values():
            for column in entity_set.columns:
                if column.references and column.references not in known:
                    text = f"{column.references!r} is no column of the catalogue"
                    entry = ["entity_sets", entity_set.name, "columns", column.name, "references"]
                    raise entry_error(
                        text, entry=entry, given=column.references, valid=sorted(known), cure=_REFERENCE
                    )
        return self

    @property
    def offered(self) -> tuple[EntitySet, ...]:
        """Entity sets that are switched on and have a path to try."""
        return tuple(item for item in self.entity_sets.values() if item.is_offered)

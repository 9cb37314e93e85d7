"""What to read of one entity set of one account: a value, printable, made without any request.

Not here: which options the service takes (``style.py``) and the asking (``reader.py``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import quote

from exepron_pipeline.catalogue.fields import Personal
from exepron_pipeline.catalogue.model import Child, Column, EntitySet, Source
from exepron_pipeline.errors import EntitySetMissingError
from exepron_pipeline.events import Mode
from exepron_pipeline.extract.watermark import lower_bound
from exepron_pipeline.odata.query import KeyPart, Query, both

FAN_OUT = "projectId"
"""The variable of paths that are asked once for each parent."""


@dataclass(frozen=True)
class ReadPlan:
    """One entity set of one account, at one of its places.

    ``path`` has its variables filled in, but for that of a fan-out. ``lower`` is the first value of the
    cursor to read, None for everything. ``select`` names the fields to ask for, empty for all;
    ``select_sourced`` is its part that a source shows. ``orderby`` goes before the order of the key.
    ``keep_pages`` is False when raw pages may hold personal data that must not be stored. ``is_first`` is False
    for further accounts of one user: a path that names no account shows the same records for all of them.
    ``keys_only`` is True when keys and cursors are read to be compared, and nothing is to land.
    """

    entity_set: EntitySet
    account_id: str
    source: Source
    generation: str
    path: str
    mode: Mode
    lower: datetime | None
    select: tuple[str, ...]
    select_sourced: tuple[str, ...]
    key: tuple[KeyPart, ...]
    cursor: KeyPart | None
    orderby: tuple[str, ...]
    keep_pages: bool
    user_id: str | None = None
    is_first: bool = True
    keys_only: bool = False

    @property
    def key_wire(self) -> tuple[str, ...]:
        """Wire names of the key."""
        return tuple(part.wire for part in self.key)

    @property
    def cursor_wire(self) -> str | None:
        """Wire name of the cursor; None when the set has none."""
        return self.cursor.wire if self.cursor else None

    @property
    def scope(self) -> Query:
        """What of the set is asked for at all, and in which order, whatever was read before."""
        chosen, within = self.entity_set, self.source.within
        if within:
            return Query(expand=(within.name,))
        return Query(filter=chosen.filter, expand=chosen.expand, orderby=self.orderby)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every place to try, in order."""
        return _usable(self.entity_set, self.generation, self.user_id, is_first=self.is_first)

    @property
    def is_fan_out(self) -> bool:
        """True when the path is asked once for each parent."""
        return FAN_OUT in self.source.variables

    def at(self, source: Source) -> "ReadPlan":
        """The same read at another place; records within others are read whole, by the keys of the others."""
        here = replace(self, source=source, path=_fill(source.path, self.account_id, self.user_id))
        within = source.within
        if within is None:
            return here
        fields = (within.key, *(f"{within.name}.{wire}" for wire in self.select_sourced))
        return replace(
            here,
            mode="full" if self.mode == "incremental" else self.mode,
            lower=None,
            select=fields,
            select_sourced=fields,
            key=(KeyPart(within.key),),
            cursor=None,
            orderby=(),
        )

    def of_keys(self) -> "ReadPlan":
        """The same read of keys and cursors alone."""
        chosen = self.entity_set
        named = {*chosen.key, chosen.cursor, chosen.account}
        whose = chosen.column(chosen.account).wire_in(self.generation) if chosen.account else None
        wires = tuple(dict.fromkeys([*self.key_wire, *filter(None, [self.cursor_wire, whose])]))
        narrow = {
            "columns": tuple(column for column in chosen.columns if column.name in named),
            "children": (),
            "contract": "evolve",  # what else comes shows that the service does not heed the question
            "select": (),
            "expand": chosen.expand if any("." in wire for wire in wires) else (),
        }
        return replace(
            self,
            entity_set=chosen.model_copy(update=narrow),
            select=wires,
            select_sourced=wires,
            keep_pages=False,
            keys_only=True,
        )

    def narrowed(self, condition: str) -> "ReadPlan":
        """The same read of those records alone for which a condition in the service's words holds too."""
        chosen = self.entity_set
        narrow = chosen.model_copy(update={"filter": both(chosen.filter, condition)})
        return replace(self, entity_set=narrow)

    @property
    def asked(self) -> frozenset[str]:
        """Names of the columns that are asked for, and have a field in this generation."""
        chosen = self.entity_set
        wanted = {*chosen.select, *chosen.key, chosen.cursor} if chosen.select else None
        return frozenset(
            column.name
            for column in chosen.columns
            if column.wire_in(self.generation) and (wanted is None or column.name in wanted)
        )

    def for_parent(self, parent_id: int) -> "ReadPlan":
        """The same read for one parent of a fan-out."""
        return replace(self, path=self.path.replace(f"{{{FAN_OUT}}}", str(parent_id)))


def plan_read(
    entity_set: EntitySet,
    *,
    account_id: str,
    user_id: str | None,
    generation: str,
    mode: Mode = "incremental",
    watermark: datetime | None = None,
    lookback_hours: float = 26,
    since: datetime | None = None,
    personal: Personal = "contact-dropped",
    is_first: bool = True,
) -> ReadPlan:
    """Plan a read.

    Args:
        entity_set: What to read.
        account_id: Whose.
        user_id: The signed-in user, for paths that name it.
        generation: What the service speaks.
        mode: What is wanted; without a cursor or a watermark ``incremental`` becomes ``full``.
        watermark: Of this set and account; aware.
        lookback_hours: Hours to read again before the watermark.
        since: Read from here on instead.
        personal: The policy for personal data.
        is_first: False for further accounts of one user.

    Raises:
        EntitySetMissingError: The catalogue knows no usable path, or no field for the key, in this generation.

    """
    sources = _usable(entity_set, generation, user_id, is_first=is_first)
    key = tuple(_part(entity_set.column(name), generation) for name in entity_set.key)
    if not sources or None in key:
        what = "path" if not sources else "field for the key"
        raise EntitySetMissingError(
            f"{entity_set.name}: the catalogue names no {what} for the generation {generation}.",
            hint="Add it in a catalogue of your own (EXEPRON_CATALOGUE).",
        )
    cursor = _part(entity_set.column(entity_set.cursor), generation) if entity_set.cursor else None
    lower = lower_bound(watermark, lookback_hours, since) if cursor and mode == "incremental" else None
    select, select_sourced = _selects(entity_set, generation, personal)
    return ReadPlan(
        entity_set=entity_set,
        account_id=account_id,
        source=sources[0],
        generation=generation,
        path=_fill(sources[0].path, account_id, user_id),
        mode="full" if mode == "incremental" and lower is None else mode,
        lower=lower,
        select=select,
        select_sourced=select_sourced,
        key=tuple(part for part in key if part),
        cursor=cursor,
        orderby=_order(entity_set, generation),
        keep_pages=not hides(entity_set, personal),
        user_id=user_id,
        is_first=is_first,
    )


def _usable(
    entity_set: EntitySet, generation: str, user_id: str | None, *, is_first: bool
) -> tuple[Source, ...]:
    known = {"accountId", FAN_OUT} | ({"userId"} if user_id is not None else set())
    return tuple(
        source
        for source in entity_set.sources_for(generation)
        if known.issuperset(source.variables)
        and (is_first or "accountId" in source.variables)
        and not (source.within and entity_set.filter)
    )


def _fill(path: str, account_id: str, user_id: str | None) -> str:
    filled = path.replace("{accountId}", quote(account_id, safe=""))
    return filled.replace("{userId}", quote(user_id or "", safe=""))


def _part(column: Column, generation: str) -> KeyPart | None:
    wire = column.wire_in(generation)
    return KeyPart(wire, column.edm or column.type) if wire else None


def _order(entity_set: EntitySet, generation: str) -> tuple[str, ...]:
    """The user's order in the service's names; a column without a field here has no place in it."""
    terms = (term.partition(" ") for term in entity_set.orderby)
    named = ((entity_set.column(name).wire_in(generation), direction) for name, _, direction in terms)
    return tuple(f"{wire} {direction or 'asc'}" for wire, direction in named if wire)


def _selects(
    entity_set: EntitySet, generation: str, personal: Personal
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Fields to ask for where the user or a policy leaves columns out: all that are kept, and those that are sourced."""
    chosen = {*entity_set.select, *entity_set.key, entity_set.cursor, entity_set.account}
    kept = [
        column
        for column in entity_set.columns_kept(personal)
        if not entity_set.select or column.name in chosen
    ]
    lists = [child for child in entity_set.children if _columns_kept(entity_set, child, personal)]
    if len(kept) == len(entity_set.columns) and len(lists) == len(entity_set.children):
        return (), ()
    children = [child.wire_field for child in lists if not entity_set.select or child.name in chosen]
    sourced = [column for column in kept if column.confidence == "H" or column.name in entity_set.key]
    return (*_wires(kept, generation), *children), tuple(_wires(sourced, generation))


def _columns_kept(entity_set: EntitySet, child: Child, personal: Personal) -> tuple[Column, ...]:
    return entity_set.model_copy(update={"columns": child.columns}).columns_kept(personal)


def _wires(columns: list[Column], generation: str) -> Iterator[str]:
    wires = (column.wire_in(generation) for column in columns)
    return (wire for wire in wires if wire)


def hides(entity_set: EntitySet, personal: Personal) -> bool:
    """True when the policy keeps some personal values out of what is stored, or out of clear text."""
    hidden = {"keep": set(), "contact-dropped": {"contact"}}.get(personal, {"contact", "name"})
    columns = [*entity_set.columns, *(column for child in entity_set.children for column in child.columns)]
    return any(column.personal in hidden for column in columns)

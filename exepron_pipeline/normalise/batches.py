"""A page of bytes to tables: `Decoder` is what the reader calls for each page of an entity set.

Here: fast path, slow path, and the assembling of tables from what either gives. Not here: parsing
(``fast``, ``slow``) and landing (``land``).
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exepron_pipeline.catalogue.fields import Personal
from exepron_pipeline.catalogue.model import Child, EntitySet
from exepron_pipeline.errors import ConfigurationError
from exepron_pipeline.normalise.contract import ACCOUNT, EXTRA, POSITION, child_schema, page_schema
from exepron_pipeline.normalise.fast import read_fast
from exepron_pipeline.normalise.grammar import first_grammar
from exepron_pipeline.normalise.keys import all_have_key, has_key, key_text, span
from exepron_pipeline.normalise.personal import hashed
from exepron_pipeline.normalise.records import Items, NotPlainError, Records, Reject
from exepron_pipeline.normalise.shape import shape_of
from exepron_pipeline.normalise.slow import load_document, read_records
from exepron_pipeline.normalise.values import STAMPS
from exepron_pipeline.odata.dialect import Dialect
from exepron_pipeline.odata.page import (
    Envelope,
    Wrapping,
    open_envelope,
    read_envelope,
    wrapping_at,
    wrapping_of,
)


@dataclass(frozen=True)
class DecodedPage:
    """One page, ready to land.

    ``table`` follows `contract.page_schema`, ``children`` follow `contract.child_schema`; neither holds
    the rejected records. ``rows`` counts all records that came, rejected ones included. The keys are
    those of every record that has one, so that paging goes on behind a record that was rejected.
    ``unknown`` names fields outside the contract, each with the type that its values look like. ``hides`` is
    True when its bytes hold what must not be stored.
    """

    table: pa.Table
    children: dict[str, pa.Table]
    rejects: list[Reject]
    rows: int
    first_key: tuple[Any, ...] | None
    last_key: tuple[Any, ...] | None
    keys_ascending: bool
    envelope: Envelope
    unknown: Mapping[str, str]
    hides: bool = False


class Decoder:
    """Decodes the pages of one entity set of one account.

    It learns from pages what else than the contract a record holds, so keep one for all pages of a read;
    threads may share it.

    Args:
        entity_set: What is read.
        generation: Whose names the fields have on the wire.
        dialect: Where records, count and next link are.
        account_id: Goes into ``_account_id`` of records that do not say themselves whose they are.
        zone: The zone of stamps that carry none, for instance ``Europe/Berlin``.
        personal: The policy for personal columns.
        hash_key: From `personal.personal_key`; needed for the policy ``hash``.
        discards: Leave fields outside the contract out of ``_extra``; they are only named.
        blank: Blanks what a page says of people who were forgotten, and tells whether it did; see `Blanking`.

    Raises:
        ConfigurationError: The policy is ``hash`` and there is no key.
        ContractError: The policy would drop a column of the key.

    """

    def __init__(
        self,
        entity_set: EntitySet,
        *,
        generation: str,
        dialect: Dialect,
        account_id: str,
        zone: str = "UTC",
        personal: Personal = "contact-dropped",
        hash_key: bytes | None = None,
        discards: bool = False,
        blank: Callable[[Records], tuple[Records, bool]] | None = None,
    ) -> None:
        if personal == "hash" and not hash_key:
            raise ConfigurationError(
                "The policy 'hash' for personal data needs a key.", hint="Pass personal_key(...)."
            )
        self._set = entity_set
        self._dialect = dialect
        self._account = account_id
        self._zone = zone
        self._personal: Personal = personal
        self._hash_key = hash_key
        self._blank = blank
        self._wrapping = _own_wrapping(entity_set)
        self._shape = shape_of(entity_set, generation, personal, discards=discards)
        self._grammar = first_grammar(self._shape)
        self._schema = page_schema(entity_set, personal)

    def __call__(
        self, body: bytes, headers: Mapping[str, str], only: Collection[int] | None = None
    ) -> DecodedPage:
        """Decode one page.

        Args:
            body: The response's body.
            headers: The response's headers, names in lower case.
            only: Places of the records that are wanted, from 0; None for all.

        Raises:
            ResponseError: The body is no list of records: no JSON, cut off, an error object.

        """
        records, envelope = self._quickly(body, headers) or self._carefully(body, headers)
        return self._assemble(records, envelope, only)

    def takes(self, field: str) -> bool:
        """True when the contract has a place for a field, a dot enters an object or a list; navigation has none."""
        tree = self._shape.taken
        for part in field.split("."):
            if part not in tree:
                return field in self._shape.navigation
            tree = tree[part]
        return True

    def again(self, extras: Sequence[str]) -> Records:
        """Decode what was kept in ``_extra`` under another contract, each text like a record.

        Columns of fields that are not in a text are null; what the contract still has no place for is kept.
        """
        rows = [load_document(text.encode(), self._set.name) for text in extras]
        records = read_records(rows, replace(self._shape, discards=False), self._zone)
        private = {column.name for column in self._set.columns if column.personal}
        lists = {
            child.name: replace(items, columns=self._hash(items.columns, _personal_of(child)))
            for child in self._set.children
            for items in [records.lists[child.name]]
        }
        return replace(records, columns=self._hash(records.columns, private), lists=lists)

    def columns_from(self, field: str) -> list[str]:
        """Names of the columns that a field fills, or fields within it."""
        paths = {item.column.name: ".".join(item.path or ()) for item in self._shape.fields}
        return [name for name, path in paths.items() if f"{path}.".startswith(f"{field}.")]

    def list_from(self, field: str) -> tuple[str, list[str] | None] | None:
        """The list that a field is, or the list and the columns of its items that it fills; None for other fields."""
        for item in self._shape.lists:
            if field == item.wire:
                return item.name, None
            if field.startswith(f"{item.wire}."):
                below = f"{field.removeprefix(f'{item.wire}.')}."
                paths = {each.column.name: ".".join(each.path or ()) for each in item.fields}
                return item.name, [name for name, path in paths.items() if f"{path}.".startswith(below)]
        return None

    def _quickly(self, body: bytes, headers: Mapping[str, str]) -> tuple[Records, Envelope] | None:
        """The fast path; None where the page needs the slow one."""
        grammar, own = self._grammar, self._wrapping
        if own and "." in own.rows:
            return None  # count and link stand where the fast path does not look
        try:
            page = read_fast(body, grammar, self._zone)
        except NotPlainError:
            return None
        if not all_have_key(self._key_columns(page.records)):
            return None
        wrapping = own if own and own.rows == grammar.rows else wrapping_at(grammar.rows)
        return page.records, read_envelope(page.members, headers, self._dialect, wrapping)

    def _carefully(self, body: bytes, headers: Mapping[str, str]) -> tuple[Records, Envelope]:
        """Parse in Python; if that teaches something new, the fast path gets another try first."""
        document = load_document(body, self._set.name)
        rows, envelope = open_envelope(document, headers, self._dialect, self._wrapping)
        wrapping = wrapping_of(document, self._wrapping) if isinstance(document, dict) else None
        taught = self._grammar.learn(document, wrapping.rows if wrapping else None)
        for grammar in (taught, taught.loosened()):
            if grammar != self._grammar:
                self._grammar = grammar
                quick = self._quickly(body, headers)
                if quick:
                    return quick
        return read_records(rows, self._shape, self._zone), envelope

    def _key_columns(self, records: Records) -> list[pa.Array]:
        return [records.columns[name] for name in self._set.key]

    def _assemble(
        self, records: Records, envelope: Envelope, only: Collection[int] | None = None
    ) -> DecodedPage:
        records, hides = self._blank(records) if self._blank else (records, False)
        keys = self._key_columns(records)
        keyed = span(keys)
        rejects = self._rejects(records, keys)
        unfit = {reject.position for reject in rejects}
        if only is not None:
            rejects = [reject for reject in rejects if reject.position in only]
            unfit |= set(range(records.count)).difference(only)
        refused = pa.array(sorted(unfit), pa.int64())
        columns = self._hidden(records.columns)
        children = {
            item.name: self._child(item, records.lists[item.name], columns) for item in self._set.children
        }
        table = self._table(columns, records)
        if unfit:
            table = table.filter(_others(pa.array(range(records.count), pa.int64()), refused))
            for name, items in records.lists.items():
                children[name] = children[name].filter(_others(items.parents, refused))
        return DecodedPage(
            table,
            children,
            rejects,
            records.count,
            keyed.first,
            keyed.last,
            keyed.ascending,
            envelope,
            records.unknown,
            hides,
        )

    def _rejects(self, records: Records, keys: Sequence[pa.Array]) -> list[Reject]:
        is_whole = all_have_key(keys)
        keyless = [] if is_whole else pc.indices_nonzero(pc.invert(has_key(keys))).to_pylist()
        missing = "the record has no key: " + ", ".join(self._set.key)
        reasons = dict.fromkeys(keyless, missing) | self._blurred(records) | dict(records.reasons)
        is_private = any(self._set.column(name).personal for name in self._set.key)
        return [
            Reject(None if is_private else key_text(keys, position), reason, position)
            for position, reason in sorted(reasons.items())
        ]

    def _blurred(self, records: Records) -> dict[int, str]:
        """Records whose key says more than its column can hold: several of them would become one."""
        named = [item for item in self._shape.fields if item.column.name in self._set.key]
        names = {item.kept_as for item in named if item.column.type in STAMPS and item.kept_as}
        texts = enumerate(records.extra.to_pylist()) if names else ()
        return {
            position: f"the key {', '.join(sorted(cut))} is finer than a microsecond: make it text"
            for position, text in texts
            if text and (cut := names & json.loads(text).keys())
        }

    def _hidden(self, columns: Mapping[str, pa.Array]) -> dict[str, pa.Array]:
        """Hash personal columns where the policy says so."""
        return self._hash(columns, {column.name for column in self._set.columns if column.personal})

    def _hash(self, columns: Mapping[str, pa.Array], private: set[str]) -> dict[str, pa.Array]:
        key = self._hash_key if self._personal == "hash" else None
        return {
            name: hashed(values, key) if key and name in private else values
            for name, values in columns.items()
        }

    def _table(self, columns: Mapping[str, pa.Array], records: Records) -> pa.Table:
        ours = {ACCOUNT: self._accounts(columns, records.count), EXTRA: records.extra}
        found = {**columns, **ours}
        return pa.Table.from_arrays([found[name] for name in self._schema.names], schema=self._schema)

    def _child(self, child: Child, items: Items, columns: Mapping[str, pa.Array]) -> pa.Table:
        own = self._hash(items.columns, _personal_of(child))
        found = {name: columns[name].take(items.parents) for name in self._set.key} | own
        accounts = self._accounts(columns, len(next(iter(columns.values())))).take(items.parents)
        found |= {POSITION: _positions(items.parents), ACCOUNT: accounts}
        schema = child_schema(self._set, child, self._personal)
        return pa.Table.from_arrays([found[name] for name in schema.names], schema=schema)

    def _accounts(self, columns: Mapping[str, pa.Array], count: int) -> pa.Array:
        """Whose records these are: as they say themselves, else the account that was asked for."""
        said = columns.get(self._set.account or "")
        asked = pa.scalar(self._account, pa.string())
        return pa.repeat(asked, count) if said is None else pc.fill_null(said.cast(pa.string()), asked)


def _personal_of(child: Child) -> set[str]:
    return {column.name for column in child.columns if column.personal}


def _own_wrapping(entity_set: EntitySet) -> Wrapping | None:
    """The wrapping that the catalogue names for a set."""
    own = entity_set.envelope
    if own is None:
        return None
    counts, links = (own.count,) if own.count else (), (own.next,) if own.next else ()
    return Wrapping(own.records, counts, links)


def _others(positions: pa.Array, refused: pa.Array) -> pa.Array:
    return pc.invert(pc.is_in(positions, value_set=refused))


def _positions(parents: pa.Array) -> pa.Array:
    """Number the items of each parent from 0; items of a parent stand together."""
    if not len(parents):
        return pa.nulls(0, pa.int64())
    indices = pc.subtract(pc.cumulative_sum(pa.repeat(pa.scalar(1), len(parents))), 1)
    same = pc.equal(parents.slice(1), parents.slice(0, len(parents) - 1))
    starts = pa.concat_arrays([indices.slice(0, 1), pc.if_else(same, 0, indices.slice(1))])
    return pc.subtract(indices, pc.cumulative_max(starts))

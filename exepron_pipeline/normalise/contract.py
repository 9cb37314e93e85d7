"""What an entity set lands as: its columns under the personal-data policy, and their Arrow types.

Here: the contract, as pure functions of the catalogue. Not here: how fields look on the wire
(``shape``) and how a page becomes a table (``batches``).
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache

import pyarrow as pa

from exepron_pipeline.catalogue.fields import Personal
from exepron_pipeline.catalogue.model import Child, Column, EntitySet
from exepron_pipeline.errors import ContractError

ACCOUNT = "_account_id"
EXTRA = "_extra"
POSITION = "_position"

TIMESTAMP = pa.timestamp("us", tz="UTC")
_TYPES = {
    "int": pa.int64(),
    "float": pa.float64(),
    "text": pa.string(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": TIMESTAMP,
    "binary": pa.binary(),
    "json": pa.string(),
    "variant": pa.string(),
}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def columns_of(entity_set: EntitySet, personal: Personal) -> tuple[Column, ...]:
    """The columns of ``core.<set>``, in the order of the catalogue.

    Args:
        entity_set: The entity set.
        personal: The policy: ``contact-dropped`` and ``drop`` leave columns out, ``hash`` turns personal
            columns into text, ``keep`` changes nothing.

    Raises:
        ContractError: The policy would drop a column of the key.

    """
    kept = _landing(entity_set.columns_kept(personal), personal)
    lost = set(entity_set.key) - {column.name for column in kept}
    if lost:
        message = f"{entity_set.name}: the policy {personal!r} for personal data drops {min(lost)}, a column of the key."
        raise ContractError(message, hint="Set EXEPRON_PERSONAL=hash, or change the column in the catalogue.")
    return kept


def child_columns_of(entity_set: EntitySet, child: Child, personal: Personal) -> tuple[Column, ...]:
    """The child's own columns in ``core.<set>__<child>``, under the same policy."""
    items = entity_set.model_copy(update={"columns": child.columns})
    return _landing(items.columns_kept(personal), personal)


def stored_columns(entity_set: EntitySet, personal: Personal) -> dict[str, list[str]]:
    """Names of the columns of an entity set and of its nested lists, by their tables."""
    lists = {
        f"{entity_set.name}__{child.name}": [
            each.name for each in child_columns_of(entity_set, child, personal)
        ]
        for child in entity_set.children
    }
    return {entity_set.name: [each.name for each in columns_of(entity_set, personal)], **lists}


def key_columns_of(entity_set: EntitySet, personal: Personal) -> tuple[Column, ...]:
    """The columns of the key, in the key's order, as they land."""
    columns = {column.name: column for column in columns_of(entity_set, personal)}
    return tuple(columns[name] for name in entity_set.key)


@cache
def arrow_type(type_name: str) -> pa.DataType:
    """The Arrow type of a column type of the catalogue, ``decimal(p,s)`` included."""
    match = _DECIMAL.fullmatch(type_name)
    return pa.decimal128(int(match[1]), int(match[2])) if match else _TYPES[type_name]


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema of ``columns`` alone, without the columns of ours."""
    return pa.schema([(column.name, arrow_type(column.type)) for column in columns])


def page_schema(entity_set: EntitySet, personal: Personal) -> pa.Schema:
    """The schema of a decoded page: the contract, then ``_account_id`` and ``_extra``."""
    ours = [pa.field(ACCOUNT, pa.string()), pa.field(EXTRA, pa.string())]
    return pa.schema([*arrow_schema(columns_of(entity_set, personal)), *ours])


def child_schema(entity_set: EntitySet, child: Child, personal: Personal) -> pa.Schema:
    """The schema of a child's rows: the parent's key, ``_position``, the child's columns, ``_account_id``."""
    key = arrow_schema(key_columns_of(entity_set, personal))
    own = arrow_schema(child_columns_of(entity_set, child, personal))
    return pa.schema([*key, pa.field(POSITION, pa.int64()), *own, pa.field(ACCOUNT, pa.string())])


def _landing(columns: Iterable[Column], personal: Personal) -> tuple[Column, ...]:
    return tuple(_as_hash(column) if personal == "hash" else column for column in columns)


def _as_hash(column: Column) -> Column:
    return column.model_copy(update={"type": "text"}) if column.personal else column

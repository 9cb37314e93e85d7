"""Fields that the service sends and the contract does not name: refused, or noted once and told. Not here: finding them.

Under ``evolve`` they are in ``_extra``, under ``discard`` nowhere, and under ``freeze`` they stop the entity set.
"""

import json
import re
from collections.abc import Mapping
from datetime import datetime

from duckdb import DuckDBPyConnection

from exepron_pipeline.catalogue import EntitySet
from exepron_pipeline.catalogue.naming import column_name
from exepron_pipeline.errors import ContractError
from exepron_pipeline.land.ddl import Change, Table, record_change
from exepron_pipeline.land.load import Load

_SHOWN = 12
_PLAIN = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_KEPT, _DROPPED = "unknown", "discarded"


def check_frozen(load: Load) -> None:
    """Refuse a load whose contract is frozen and whose records hold other fields.

    Raises:
        ContractError: They do; it names them all, and the entry that would accept the first.

    """
    if load.contract != "freeze" or not load.unknown:
        return
    raise ContractError(
        f"{load.entity_set.name}: the contract is frozen, and the service sends fields that the catalogue does not "
        f"name: {listed(load.unknown)}.",
        hint=f"Nothing was stored. Accept them in the catalogue (EXEPRON_CATALOGUE), as in "
        f"`{accepting(load.entity_set, load.unknown)}`, or change `contract` there or EXEPRON_CONTRACT.",
    )


def note_unknown(con: DuckDBPyConnection, load: Load, moment: datetime) -> tuple[str, ...]:
    """Record fields that are seen for the first time in ``ops.schema_changes``; return what to tell of them."""
    if not load.unknown:
        return ()
    change = _DROPPED if load.contract == "discard" else _KEPT
    known = {
        field
        for (field,) in con.execute(
            "SELECT column_name FROM ops.schema_changes "
            "WHERE schema_name = 'core' AND table_name = ? AND change = ?",
            [load.entity_set.name, change],
        ).fetchall()
    }
    new = {name: kind for name, kind in sorted(load.unknown.items()) if name not in known}
    table = Table("core", load.entity_set.name, (), "")
    for name, kind in new.items():
        record_change(con, table, Change(name, change, None, kind), load.load_id, moment)
    return (_told(load, new),) if new else ()


def _told(load: Load, new: Mapping[str, str]) -> str:
    fate = "are kept in _extra" if load.contract != "discard" else "are dropped, as the contract says"
    entry = accepting(load.entity_set, new)
    return (
        f"fields that the catalogue does not name {fate}: {listed(new)}. Each becomes a column by an entry of your own "
        f"catalogue, as in `{entry}`."
    )


def listed(fields: Mapping[str, str]) -> str:
    """Fields with the types that they look like, for people: ``riskScore (int), owner.mail (text)``."""
    shown = [f"{name or repr(name)} ({kind})" for name, kind in sorted(fields.items())[:_SHOWN]]
    more = len(fields) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def accepting(entity_set: EntitySet, fields: Mapping[str, str]) -> str:
    """The entry of a catalogue that accepts the first of these fields."""
    wire, kind = min(fields.items())
    inner = {child.wire_field: child.name for child in entity_set.children}
    first, _, below = wire.partition(".")
    if below and first in inner:
        return _entry(f"{entity_set.name}: {{children: {{{inner[first]}: {{{_column(below, kind)}}}}}}}")
    return _entry(f"{entity_set.name}: {{{_column(wire, kind)}}}")


def _entry(text: str) -> str:
    return f"entity_sets: {{{text}}}"


def _column(wire: str, kind: str) -> str:
    quoted = f'"{kind}"' if "," in kind else kind
    named = wire if _PLAIN.fullmatch(wire) else json.dumps(wire, ensure_ascii=False)
    return f"columns: {{{column_name(wire)}: {{type: {quoted}, wire: {named}}}}}"

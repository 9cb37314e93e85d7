"""Faults that are none of the service: the truth itself changes while it is read.

Here belong rows that change between two pages, rights that are lost, and a clock that is wrong. Changed
rows stay changed until the simulation writes them again.
"""

from dataclasses import replace

from exepron_pipeline.sandbox.exchange import Exchange, Tick
from exepron_pipeline.sandbox.faults.fault import Fault
from exepron_pipeline.sandbox.schema import EntitySet

_SKEW = 900.0


def _on_second_page(exchange: Exchange) -> bool:
    return exchange.reading.page == 2 and bool(exchange.reading.last_rows)


def _first_row(entity_set: EntitySet) -> str:
    """SQL condition for the account's row that is first by key."""
    key = ", ".join(f'"{name}"' for name in entity_set.key)
    table = f'"{entity_set.name}"'
    return f"rowid = (SELECT rowid FROM {table} WHERE _account = :account ORDER BY {key} LIMIT 1)"


def _edit(exchange: Exchange) -> None:
    """The first row gets another text, and the newest stamp that there is."""
    entity_set = exchange.endpoint.entity_set
    texts = [each.name for each in entity_set.fields if each.kind == "text"][:1]
    changes = [f"\"{name}\" = ifnull(\"{name}\", '') || ' (edited)'" for name in texts]
    if "lastModifiedOn" in entity_set.field_names:
        newest = f'SELECT max("lastModifiedOn") FROM "{entity_set.name}" WHERE _account = :account'
        changes.append(f'"lastModifiedOn" = ({newest})')
    if changes:
        _execute(
            exchange, f'UPDATE "{entity_set.name}" SET {", ".join(changes)} WHERE {_first_row(entity_set)}'
        )


def _insert(exchange: Exchange) -> None:
    """A copy of the first row, with a key before all others."""
    entity_set = exchange.endpoint.entity_set
    key = entity_set.key[0]
    columns = [f'"{name}"' for name in (*entity_set.field_names, "_account", "_project", "_task")]
    before = f'(SELECT min("{key}") - 1 FROM "{entity_set.name}")'
    values = [before if name == f'"{key}"' else name for name in columns]
    _execute(
        exchange,
        f'INSERT INTO "{entity_set.name}" ({", ".join(columns)}) '
        f'SELECT {", ".join(values)} FROM "{entity_set.name}" WHERE {_first_row(entity_set)}',
    )


def _delete(exchange: Exchange) -> None:
    entity_set = exchange.endpoint.entity_set
    _execute(exchange, f'DELETE FROM "{entity_set.name}" WHERE {_first_row(entity_set)}')


def _execute(exchange: Exchange, statement: str) -> None:
    exchange.portfolio.connection.execute(statement, {"account": exchange.caller.account_id})


def _lose_permission(exchange: Exchange) -> None:
    """Costs and revenues are hidden, and all projects but the first half of the account's."""
    count = exchange.portfolio.connection.execute(
        'SELECT count(*) FROM "projects" WHERE _account = ?', (exchange.caller.account_id,)
    ).fetchone()[0]
    limited = exchange.caller.limited_to(exchange.portfolio, count // 2)
    exchange.caller = replace(limited, sees_financial=False)


def _go_ahead(tick: Tick) -> None:
    tick.seconds += _SKEW


FAULTS = (
    Fault(
        "record-edited", "the first row of a set changes while its second page is asked for, once", "question", _edit,
        _on_second_page, when="1",
    ),
    Fault(
        "record-inserted", "a row appears before all others while the second page is asked for, once", "question",
        _insert, _on_second_page, when="1",
    ),
    Fault(
        "record-deleted", "the first row of a set vanishes while its second page is asked for, once", "question",
        _delete, _on_second_page, when="1",
    ),
    Fault(
        "permission-lost", "from the sixth request on the user sees no costs, and half of the projects", "request",
        _lose_permission, when="6-",
    ),
    Fault("clock-skew", "the server's clock is a quarter of an hour ahead, in tokens and `Date` headers", "clock",
          _go_ahead),
)  # fmt: skip

"""What a reconcile does besides reading: it compares, and asks once more for what differs. Read `compare`.

Keys and cursors are enough where a cursor tells of every change; else whole records are read. What is not there is
asked for again by its key: only what is absent twice is gone. What is new or has another cursor is fetched by its key.
Here: that order. Not here: comparing (``land/compare.py``), asking (``extract/by_key.py``), marking (``land``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from exepron_pipeline.errors import RequestRejectedError, ResponseError, UnheededError
from exepron_pipeline.extract.by_key import SIZES, Key
from exepron_pipeline.extract.plan import ReadPlan
from exepron_pipeline.extract.result import ReadResult, weakest
from exepron_pipeline.land.compare import Differences

ALWAYS = 2
"""So many questions by key are asked before everything is read again instead."""


@dataclass(frozen=True)
class Hands:
    """What a comparison works with: functions, each bound to the entity set and the account.

    ``read`` reads a plan whole; ``ask`` fills a result with the records that have the given keys, and raises where the
    service does not heed a condition on the key; ``look`` compares a result with the warehouse, and lists at most so
    many keys; ``tell`` tells the operator.
    """

    read: Callable[[ReadPlan], ReadResult]
    ask: Callable[[ReadResult, Sequence[Key]], None]
    look: Callable[[ReadResult, int], Differences]
    tell: Callable[[str], None]


def compare(plan: ReadPlan, hands: Hands, *, by_keys: bool) -> ReadResult:
    """Read an entity set to compare it, and read again what differs.

    Args:
        plan: What to read, for a reconcile.
        hands: What to work with.
        by_keys: True when keys and cursors are enough.

    Returns:
        Records, and keys without records; what is in neither, and in ``core``, was absent twice, if there is evidence.

    Raises:
        AuditError: More would be deleted than one comparison may delete.

    """
    first = _first(plan, hands, by_keys=by_keys)
    if first.mode != "reconcile":
        return first
    most = SIZES[0] * max(ALWAYS, first.requests // 2)
    found = hands.look(first, most)
    return _joined(first, _second(plan, hands, found, first), found) if found else first


def _first(plan: ReadPlan, hands: Hands, *, by_keys: bool) -> ReadResult:
    """Read keys and cursors where they are enough, and the service gives them alone; else whole records."""
    if not by_keys:
        return hands.read(plan)
    try:
        keys = hands.read(plan.of_keys())
    except UnheededError as error:
        hands.tell(f"{error.message.rstrip('.')}, so whole records are compared.")
        whole = hands.read(plan)
        return replace(whole, requests=whole.requests + error.requests)
    return replace(keys, pages=[], seen=keys.pages)


def _second(plan: ReadPlan, hands: Hands, found: Differences, first: ReadResult) -> ReadResult:
    """Ask for what differs: by key, or where that costs more or is not heeded, for everything."""
    by_key = ReadResult(first.mode, first.path, first.spool)
    if found.keys is not None:
        # One that is there shows whether the service heeds such a condition at all.
        wanted = [*found.keys, *([found.present] if found.present else [])]
        try:
            hands.ask(by_key, wanted)
        except (RequestRejectedError, ResponseError, UnheededError) as error:
            hands.tell(
                f"no records by their keys ({error.message.rstrip('.')}), so everything is read again."
            )
        else:
            return by_key
    whole = hands.read(plan)
    return replace(whole, requests=whole.requests + by_key.requests)


def _joined(first: ReadResult, second: ReadResult, found: Differences) -> ReadResult:
    """Put both reads together; only where something may be gone must both of them be proven."""
    proofs = [first.evidence, second.evidence] if found.gone else [first.evidence]
    return replace(
        first,
        pages=[*first.pages, *second.pages],
        requests=first.requests + second.requests,
        fetched=first.fetched + second.fetched,
        evidence=weakest(proofs),
    )
